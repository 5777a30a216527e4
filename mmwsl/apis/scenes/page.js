'use strict';
const byId = id => document.getElementById(id);
const STEPS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
let scene, changes = [], outlines = {}, chosen = null, start = null;

// Questions go one after another, so that each one knows what the ones before have changed.
let last = Promise.resolve();
const inTurn = work => { last = last.then(work).catch(error => { byId('said').textContent = error.message; }); };

async function ask(question, more = {}) {
  const answer = await fetch(question, {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({changes, ...more})});
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return content;
}

async function show() {
  const content = await ask('compose');
  byId('picture').src = content.picture;
  byId('visible').src = content.visible;
  await Promise.all([byId('picture').decode(), byId('visible').decode()]);
  outlines = content.outlines;
  if (!(chosen in outlines)) chosen = null;
  byId('said').textContent = '';
  list();
  mark();
  document.body.dataset.changes = changes.length;
}

// Names are text, whatever is in them.
function list() {
  byId('objects').replaceChildren(...Object.keys(outlines).map(number => {
    const item = document.createElement('li'), button = document.createElement('button');
    button.textContent = scene.names[number];
    button.dataset.number = number;
    button.addEventListener('click', () => inTurn(() => choose(Number(number))));
    item.append(button);
    return item;
  }));
}

function choose(number) {
  chosen = number;
  mark();
}

function mark(dx = 0, dy = 0) {
  byId('outline').setAttribute('viewBox', `0 0 ${scene.width} ${scene.height}`);
  byId('outline').replaceChildren(...(outlines[chosen] ?? []).map(points => {
    const polygon = document.createElementNS('http://www.w3.org/2000/svg', 'polygon');
    polygon.setAttribute('points', points.map(([x, y]) => `${x + .5 + dx},${y + .5 + dy}`).join(' '));
    return polygon;
  }));
  for (const button of byId('objects').querySelectorAll('button'))
    button.setAttribute('aria-pressed', Number(button.dataset.number) === chosen);
  byId('delete').disabled = byId('front').disabled = chosen === null;
  byId('undo').disabled = !changes.length;
}

async function change(kind, numbers) {
  changes.push([kind, numbers]);
  try { await show(); } catch (error) { changes.pop(); throw error; }
}

function pixel(event) {
  const box = byId('picture').getBoundingClientRect();
  return [Math.floor((event.clientX - box.left) * scene.width / box.width),
          Math.floor((event.clientY - box.top) * scene.height / box.height)];
}

byId('board').addEventListener('pointerdown', event => {
  if (!scene || event.button) return;
  event.preventDefault();
  byId('board').focus();
  byId('board').setPointerCapture(event.pointerId);
  start = pixel(event);
  const [x, y] = start;
  inTurn(async () => choose((await ask('at', {x, y})).object));
});
byId('board').addEventListener('pointermove', event => {
  if (!start) return;
  const [x, y] = pixel(event);
  mark(x - start[0], y - start[1]);
});
byId('board').addEventListener('pointerup', event => {
  if (!start) return;
  const [x, y] = pixel(event), dx = x - start[0], dy = y - start[1];
  start = null;
  inTurn(async () => { if (chosen !== null && (dx || dy)) await change('shift', [chosen, dx, dy]); });
});
byId('board').addEventListener('pointercancel', () => { start = null; mark(); });
byId('board').addEventListener('keydown', event => {
  const step = STEPS[event.key];
  if (chosen === null || !(step || event.key === 'Delete')) return;
  event.preventDefault();
  inTurn(async () => {
    if (chosen !== null) await (step ? change('shift', [chosen, ...step]) : change('delete', [chosen]));
  });
});
byId('delete').addEventListener('click', () => inTurn(() => change('delete', [chosen])));
byId('front').addEventListener('click', () => inTurn(() => change('front', [chosen])));
byId('undo').addEventListener('click', () => inTurn(async () => {
  if (changes.pop()) await show();
}));
byId('save').addEventListener('click', () => inTurn(async () => {
  byId('said').textContent = `written: ${(await ask('save')).files.join(', ')}`;
}));

inTurn(async () => {
  scene = await ask('state');
  changes = scene.changes;
  document.title = byId('title').textContent = scene.title;
  byId('save').disabled = !scene.files.length;
  await show();
});
