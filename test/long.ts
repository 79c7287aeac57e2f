/** How many cases a fuzzer tries: few in an ordinary run, all in `npm run test:long`. */
export function cases(few: number, all: number): number {
  return process.env.CIRCUIT_TEST_LONG ? all : few;
}
