/**
 * Starts the engines that the integration tests share, and names them in the environment that the test
 * workers get. An engine that the environment names already is used as it is.
 */
module.exports = async function startSharedEngines() {
  const { ENGINE_NAMES, ENGINE_VARIABLES, startTestEngines } = require('@spanloom/infra');
  const missing = ENGINE_NAMES.filter((name) => !process.env[ENGINE_VARIABLES[name]]);
  if (missing.length === 0) return;
  const engines = await startTestEngines({ engines: missing });
  Object.assign(process.env, engines.env);
  globalThis.spanloomTestEngines = engines;
};
