/** Cache Updates that may wait for their acknowledgement at one time: 1 MB of them. */
export const MAX_UPDATES = 8192;
