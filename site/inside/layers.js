// The layers of the child as a table, for who knows PyTorch: names, modules and shapes
// as the exported child has them, and what each costs.
import { make, number } from '../shared/page.js';
import { tensors } from '../shared/safetensors.js';

const product = list => list.reduce((a, b) => a * b, 1);

/** The rows of a child: [{name, module, weight, output, macs, params}], from the tensors that the engine exports. */
function rows(list, { resolution }, space) {
  const shapes = new Map(list.map(t => [t.name, t.shape])), found = [];
  let side = resolution;
  for (const [name, shape] of shapes) {
    const at = name.match(/^s(\d+)\.(\d+)\.(.+)$/), kind = name === 'stem.conv' ? 'stem' : at ? at[3] : name;
    const normal = shapes.has(`${name}.bn.gamma`), out = shape.at(-1), params = product(shape) + (normal ? 2 * out : 0);
    const conv = (stride, k, groups = 1, ins = groups > 1 ? out : shape.at(-2)) => {
      side = Math.ceil(side / stride);
      found.push({ name, module: `Conv2d(${ins}, ${out}, ${k}${stride > 1 ? `, stride=${stride}` : ''}${k > 1 ? `, padding=${k >> 1}` : ''}${groups > 1 ? `, groups=${groups}` : ''}, bias=False)${normal ? `, BatchNorm2d(${out})` : ''}`,
        weight: [out, ins / groups, k, k], output: [out, side, side], macs: product(shape) * side * side, params });
    };
    const linear = () => found.push({ name: name.replace('.weight', ''), module: `Linear(${shape.join(', ')})`, weight: [...shape].reverse(), output: [out], macs: product(shape), params: params + out });
    if (kind === 'stem') conv(2, shape[0]);
    else if (kind === 'depthwise') conv(at[2] === '0' ? space.stages[at[1] - 1].stride : 1, shape[0], out);
    else if (name === 'head.conv' && !normal) { // behind the pool
      side = 1;
      conv(1, 1);
    } else if (['expand', 'project', 'shortcut', 'head.conv', 'head.expand'].includes(kind)) conv(1, 1);
    else if (name.endsWith('.weight')) linear();
  }
  return found;
}

/** The table of the child, for which the engine exports it. */
export async function layers(engine, child, space) {
  const { bytes } = await engine.request('export', { child, format: 'safetensors', half: true });
  const all = rows(tensors(bytes), child, space), sum = name => all.reduce((n, r) => n + r[name], 0), shape = list => `[${list.join(', ')}]`;
  const line = (name, ...cells) => make('tr', {}, make('th', { textContent: name, scope: 'row' }), ...cells.map(textContent => make('td', { textContent })));
  const head = make('tr', {}, ...['Layer', 'Module of PyTorch', 'Weight', 'Output', 'MACs', 'Parameters'].map(textContent => make('th', { textContent, scope: 'col' })));
  return make('table', {}, make('caption', { className: 'vh', textContent: 'Layers of the child' }), make('thead', {}, head),
    make('tbody', {}, ...all.map(r => line(r.name, r.module, shape(r.weight), shape(r.output), number(r.macs), number(r.params)))),
    make('tfoot', {}, line('all', '', '', '', number(sum('macs')), number(sum('params')))));
}
