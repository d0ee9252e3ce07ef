/** How much a querier trusts an upstream to answer. */
export const UpstreamState = {
  unmeasured: 0,
  up: 1,
  /** Up, but its last request went unanswered. */
  suspect: 2,
  down: 3,
} as const;

export type UpstreamState = (typeof UpstreamState)[keyof typeof UpstreamState];

export const UpstreamEvent = {
  answered: 0,
  timedOut: 1,
  /** The last of LOSSES_UNTIL_DOWN timeouts in a row. */
  gaveUp: 2,
} as const;

export type UpstreamEvent = (typeof UpstreamEvent)[keyof typeof UpstreamEvent];

export const LOSSES_UNTIL_DOWN = 3;

const { unmeasured, up, suspect, down } = UpstreamState;

/** All transitions: the row is the state, the column the event. */
const TRANSITIONS: readonly (readonly UpstreamState[])[] = [
  /*               answered  timedOut    gaveUp */
  /* unmeasured */ [up, /**/ unmeasured, down],
  /* up         */ [up, /**/ suspect, /**/ down],
  /* suspect    */ [up, /**/ suspect, /**/ down],
  /* down       */ [up, /**/ down, /*  */ down],
];

export function nextState(state: UpstreamState, event: UpstreamEvent): UpstreamState {
  return TRANSITIONS[state]![event]!;
}

/** Which states are asked first: those that answer, then those that may. */
export const PREFERENCE: readonly number[] = [1, 0, 2, 3];
