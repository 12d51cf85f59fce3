// What the engine's answers say, wherever one is shown.

/** In place of a label, for an image that is probably of no class. */
export const NONE = 'Probably none of its classes';

/** True where the engine says that the image is unlike those that the weights were trained on. */
export const unknown = answer => answer.confidence?.known === false;

/** What an answer says, as one can compare it: a label, or that the image is probably of no class. */
export const says = answer => unknown(answer) ? NONE : answer.top[0].label;

/** Of two answers of one child that with the shorter time: a run of a few milliseconds is easily disturbed, the first one most of all. */
export const sooner = (a, b) => a?.timing.forward <= b.timing.forward ? a : b;
