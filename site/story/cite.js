// Whose idea it is, and where to read on.
import { asset, make } from '../shared/page.js';

const PAPER = 'https://arxiv.org/abs/2003.11142';
const BIBTEX = [ // by lines: the build takes indentation away
  '@inproceedings{yu2020bignas,',
  '  title     = {{BigNAS}: Scaling Up Neural Architecture Search with Big Single-Stage Models},',
  '  author    = {Yu, Jiahui and Jin, Pengchong and Liu, Hanxiao and Bender, Gabriel and Kindermans, Pieter-Jan and Tan, Mingxing and Huang, Thomas and Song, Xiaodan and Pang, Ruoming and Le, Quoc},',
  '  booktitle = {European Conference on Computer Vision (ECCV)},',
  '  year      = {2020},',
  '  eprint    = {2003.11142},',
  '  archivePrefix = {arXiv},',
  '}',
].join('\n');

const link = (href, text) => make('a', { href, textContent: text });

/** The paper, what this page is made of, and how to cite the paper. data and source are those of the weights. */
export function cite({ data, source }) {
  const copy = make('button', { type: 'button', className: 'btn', textContent: 'Copy BibTeX' }), text = make('pre', { className: 'bibtex', textContent: BIBTEX, tabIndex: 0 });
  text.setAttribute('aria-label', 'BibTeX entry of the paper');
  text.setAttribute('role', 'region');
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(BIBTEX);
      copy.textContent = 'Copied';
    } catch { // no permission, or no secure context
      getSelection().selectAllChildren(text);
      copy.textContent = 'Selected: copy it';
    }
    setTimeout(() => { copy.textContent = 'Copy BibTeX'; }, 2500);
  });
  const from = data ? ['. The weights were trained on ', source ? link(source, data) : data] : [];
  return make('div', { className: 'cite' },
    make('h3', { textContent: 'Read on' }),
    make('p', {}, 'The method is that of Jiahui Yu, Pengchong Jin, Hanxiao Liu, Gabriel Bender, Pieter-Jan Kindermans, Mingxing Tan, Thomas Huang, Xiaodan Song, Ruoming Pang and Quoc Le: ',
      link(PAPER, 'BigNAS: Scaling Up Neural Architecture Search with Big Single-Stage Models'), ', ECCV 2020. This page is an independent implementation in Go; its ',
      link(asset('../README.md'), 'read-me'), ' says where its code is, the ', link(asset('../MODEL_CARD.md'), 'model card'), ' how the weights were trained, what they are not for, and the command behind every number', ...from, '.'),
    text, copy);
}
