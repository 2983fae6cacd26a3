/** Ends what the global set-up started. */
module.exports = async function stopSharedEngines() {
  await globalThis.spanloomTestEngines?.stop();
};
