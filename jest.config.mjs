// Tests run as TypeScript compiled them (build/), so no transform stands between a test and the code that ships.
export default {
  testEnvironment: "node",
  rootDir: ".",
  roots: ["<rootDir>/build/test"],
  transform: {},
  setupFilesAfterEnv: ["<rootDir>/build/test/support/one-stdout.js"],
  testMatch: ["**/*.test.js"],
  modulePathIgnorePatterns: ["<rootDir>/dist", "<rootDir>/bench"],
};
