const base = require('./jest.base.cjs');

/** Tests of several parts together, against the engines that the global set-up starts. */
module.exports = {
  ...base,
  displayName: 'integration',
  globalSetup: '<rootDir>/test/global-setup.cjs',
  globalTeardown: '<rootDir>/test/global-teardown.cjs',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: [...base.testPathIgnorePatterns, '<rootDir>/test/docs/'],
};
