// What is known of a child's accuracy, in words. Measured is solid and says on how
// many images; predicted is hollow and says its error; nothing is made up.
import { make, number } from './page.js';

const points = p => number(100 * p, 1);

/**
 * How an accuracy is shown: {value, note, long}. accuracy is what the engine or
 * the manifest says, {kind: "measured", p, n} or {kind: "predicted", p, error}.
 */
export function words(accuracy) {
  if (!accuracy) return { value: 'not measured', note: '', long: 'accuracy not measured' };
  const value = `${points(accuracy.p)} %`;
  if (accuracy.kind === 'measured') return { value, note: `measured on ${number(accuracy.n)} images`, long: `${value} measured` };
  const error = `± ${points(accuracy.error)}`;
  return { value, note: `${error}, predicted`, long: `${value} ${error} predicted` };
}

/** The mark beside an accuracy: solid or hollow; none where nothing is known. */
export const dot = accuracy => accuracy ? make('i', { className: accuracy.kind === 'measured' ? 'dot s' : 'dot' }) : '';
