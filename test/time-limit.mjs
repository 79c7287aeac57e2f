// Loaded into each process of tests: one that does not end is ended, and says what held it. Without this, whatever a
// failed test has left open would hold the run for good.
const LIMIT_MS = process.env.CIRCUIT_TEST_LONG ? 1_800_000 : 240_000;

if (process.env.NODE_TEST_CONTEXT) {
  setTimeout(() => {
    console.error(
      `Cannot end ${process.argv[1]} within ${LIMIT_MS / 1_000} s: held by`,
      process.getActiveResourcesInfo(),
    );
    process.exit(1);
  }, LIMIT_MS).unref();
}
