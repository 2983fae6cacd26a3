const base = require('./jest.base.cjs');

/** Unit and property tests of each package, and what a package tests against an engine it starts itself. */
module.exports = {
  ...base,
  displayName: 'unit',
  testMatch: [
    '<rootDir>/{libs,services}/*/test/**/*.test.ts',
    '<rootDir>/infra/test/**/*.test.ts',
    '<rootDir>/test/docs/**/*.test.ts',
  ],
};
