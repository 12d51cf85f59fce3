// Weights that the page does not ship: what they are is what their file says.
import { biggest, equal } from '../shared/space.js';

/** What follows the number of classes where weights can not say that an image is of none. */
export const LIMITS = ', and says one of them of any image: it can’t tell what is none. Percentages are among these.';

/** Makes a manifest of what the engine says about a file; samples are those of other weights, which a taught classifier has nothing to do with. */
export async function describe(id, { engine: program, weights }, { info, ceiling }, engine, samples) {
  if (!equal(ceiling, biggest(info.space))) throw { message: 'The weights file ends too early', hint: 'Copy or download it again' };
  const family = [];
  for (const [name, arch] of Object.entries(info.family ?? {})) {
    const { child } = await engine.request('parse', { arch });
    family.push({ name, child, macs: (await engine.request('cost', { child })).cost.macs });
  }
  family.sort((a, b) => a.macs - b.macs);
  return {
    id, weights, family, samples: info.metadata.taught ? [] : samples, engine: program, name: (weights.name ?? id.split('/').at(-1)).replace(/\.safetensors$/, ''), foreign: true, borrowed: true,
    bytes: info.bytes, parts: [info.bytes], digest: info.digest, space: info.space, labels: info.labels, crop: info.preprocessing.crop, children: measured(info.metadata), doubt: doubt(info.metadata), limits: info.calibrated ? undefined : LIMITS,
  };
}

// doubt is how far off the accuracy of children is with predicted statistics, where a person should know.
function doubt({ statistics_error: text }) {
  try {
    const { mean } = JSON.parse(text);
    return mean > 0.02 ? mean : undefined;
  } catch {
    return undefined;
  }
}

// measured reads what cmd/train release has measured with predicted statistics, as in the page.
function measured({ measured: text }) {
  try {
    return JSON.parse(text).map(({ arch, predicted, n }) => ({ arch, top1: predicted, n }));
  } catch {
    return [];
  }
}
