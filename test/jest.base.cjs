const path = require('node:path');

/** Tests run from the TypeScript sources: no build is needed, and stack traces point at what people edit. */
module.exports = {
  rootDir: path.resolve(__dirname, '..'),
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'commonjs' },
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      },
    ],
  },
  moduleNameMapper: {
    '^@spanloom/(infra|test)$': '<rootDir>/$1/src/index.ts',
    '^@spanloom/(gateway|assembler|latency|anomaly|sink|query|cli)$':
      '<rootDir>/services/$1/src/index.ts',
    '^@spanloom/([a-z]+)$': '<rootDir>/libs/$1/src/index.ts',
  },
  modulePathIgnorePatterns: ['/dist/', '<rootDir>/\\.spanloom/'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
};
