#!/usr/bin/env node
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const main = join(__dirname, '..', 'dist', 'main.js');
if (!existsSync(main)) {
  process.stderr.write('spanloom: it is not built yet; run "npm run setup" in the repository\n');
  process.exit(1);
}
void require(main).main(process.argv);
