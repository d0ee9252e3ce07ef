/** Fresh unpredictable 32 bits: crypto randomness in production, a seeded generator under test. */
export type NextU32 = () => number;
