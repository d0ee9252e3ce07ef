import { LAST_GENERATION } from "./upstream-chains.ts";

/** Words of a row that each look-up reads: half a line of memory. */
export const WIDTH = 8;
/** The upper half of an IPv6 key, all of an IPv4 one. */
export const FIRST = 0;
/** The last key of an IPv4 range; of an IPv6 prefix the lower half of its first, otherwise the upper half of the last. */
export const SECOND = 1;
/** An IPv4 address, or the number of an IPv6 one. */
export const ETR = 2;
export const SHAPE = 3;
/** Of version and position, unless it is a wide row. */
export const LINEAGE = 4;
export const VERSION = 5;
export const POSITION = 6;
export const EXPIRY = 7;

/**
 * SHAPE says what a row is: from the top flags, family, generation in its upstream, the size of an IPv6 range, length of the MAB's prefix, the
 * ETR's family, result.
 */
export const TAKEN = 0x8000_0000;
/** Its upstream sends no Cache Updates for it. */
export const UNPROMISED = 0x4000_0000;
/** Used since that was last asked. */
export const TOUCHED = 0x2000_0000;
/** Version and position have halves that the row has no room for. */
export const WIDE = 0x1000_0000;
export const IPV6 = 0x0800_0000;
export const GENERATION_SHIFT = 22;
export const SIZE_SHIFT = 16;
export const PREFIX_SHIFT = 8;
export const ETR_SHIFT = 4;
export const GENERATION = LAST_GENERATION << GENERATION_SHIFT;
export const SIZE = 0x3f;
export const PREFIX = 0x7f;
export const ETR_FAMILY = 0x07;
export const RESULT = 0x0f;
