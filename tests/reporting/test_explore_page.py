"""The page of explored photos: that it holds what was found, needs nothing from outside, and what a browser does with it."""

import base64
import html
import html.parser
import json
import re
import shutil
import subprocess

import cv2
import numpy as np
import pytest

from mmwsl.reporting import explore_page
from mmwsl.reporting.explore_page import sprite_sheets, unit_square, visible, write_explore_page
from mmwsl.visualization import image_uri

CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
in_browser = pytest.mark.skipif(CHROMIUM is None, reason='no browser is installed (chromium)')
HOSTILE = ['</script><script>document.title="taken"</script>.jpg', '"quoted" & \'both\'.jpg', 'two\nlines.jpg', '花/猫.jpg',
           '🐈‍⬛.jpg', '<img src=x onerror="document.title=1">.jpg', 'evil\u202egpj.exe', 'bytes\udcff.jpg', '{{ 7 * 7 }}.jpg']


def findings(count=12, **more):
    """Photos in a row, of the groups 0 1 2 0 1 2 ..., each with the next ones as neighbours; the names begin with hostile ones."""
    names = (HOSTILE + [f'folder/photo {i}.jpg' for i in range(len(HOSTILE), count)])[:count]
    groups = [i % 3 for i in range(count)]
    members = {group: [i for i in range(count) if i % 3 == group] for group in sorted(set(groups))}
    found = dict(
        title='Photos <b>', summary=['Found & counted.', 'It did not help.'], command='mmwsl explore "a b" --out c', date='2026-01-02',
        network='a network', seconds={'features': 1.25}, files=names, xy=[[float(i), float(i % 2)] for i in range(count)],
        groups=groups, group_list=[dict(id=group, size=len(each), typical=each[-1], members=each[::-1])
                                   for group, each in members.items()],
        labels=None, duplicates=[[0, 1]], odd=[dict(photo=1, score=0.5)],
        neighbors=[dict(photo=i, neighbors=[(i + 1) % count, (i + 2) % count]) for i in range(count)], accuracy=None,
        comparisons=None, label_errors=None, checks=None, skipped=[])
    return {**found, **more}


def labelled(count=12):
    labels = ['cat' if i % 2 else 'dog' for i in range(count)]
    labels[4] = None
    return findings(
        count, labels=labels, label_errors=[dict(photo=2, given='dog', suggested='c<a>t', confidence=0.875), dict(photo=0, given='dog', suggested='cat', confidence=0.5)],
        accuracy=[dict(network='random weights', protocol='kNN', mean=20.0, std=1.0, values=[19.0, 20.0, 21.0], floor=True),
                  dict(network='ours', protocol='kNN', mean=80.04, std=2.0, values=[78.0, 80.0, 82.12], floor=False)],
        comparisons=[dict(network='ours', floor='random weights', protocol='kNN', difference=60.04, p=0.0002, text='It helped.')],
        checks=[dict(kind='blurry', photos=[3, 4])], skipped=[dict(file='</td>bad.jpg', reason='cut <off>')])


def solid(count, side=32):
    """Thumbnails of one colour each, all of them different."""
    colors = np.array([[i * 37 % 256, i * 101 % 256, i * 59 % 256] for i in range(count)], np.uint8)
    return np.broadcast_to(colors[:, None, None], (count, side, side, 3))


class Parsed(html.parser.HTMLParser):
    """Text by element's class or tag, the addresses and the scripts of a page."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.scripts, self.ids, self.words, self.inside = [], [], [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.addresses += [attributes[name] for name in ('src', 'href', 'srcset', 'data', 'action') if attributes.get(name)]
        self.ids.append(attributes.get('id'))
        self.inside = tag
        if tag == 'script':
            self.scripts.append((attributes, ''))

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside == 'script':
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif self.inside != 'style':
            self.words.append(' '.join(data.split()))


def test_the_page_holds_what_was_found_and_needs_nothing_else(tmp_path):
    path = write_explore_page(labelled(), solid(12), tmp_path / 'deep' / 'page.html')
    text = path.read_text(encoding='utf-8')
    parsed = Parsed(text)
    assert all(re.fullmatch(r'#[a-z-]+', address) for address in parsed.addresses)
    assert 'http' not in text and '@import' not in text
    assert [attributes.get('id') or attributes.get('class') for attributes, _ in parsed.scripts] == ['data', 'thumbnails', None]
    data = json.loads(parsed.scripts[0][1])
    assert data['files'][:2] == HOSTILE[:2] and data['files'][2] == r'two\nlines.jpg' and data['files'][3:6] == HOSTILE[3:6]
    assert data['files'][6:9] == [r'evil\u202egpj.exe', r'bytes\udcff.jpg', HOSTILE[8]]
    assert data['neighbors']['11'] == [0, 1] and data['groups'] == [0, 1, 2] * 4 and data['labels'][4] is None
    words = '\n'.join(parsed.words)
    for shown in ('Photos <b>', 'Found & counted.', 'It did not help.', '12 photos; features of a network; 2026-01-02.', '80.0 ± 2.0',
                  '20.0 ± 1.0', '+60.0', '< 0.001', 'It helped.', '</td>bad.jpg', 'cut <off>', 'mmwsl explore "a b" --out c', '1.2 s'):
        assert shown in words, shown
    assert words.index('80.0 ± 2.0') < words.index('20.0 ± 1.0')  # floors last
    assert re.findall(r'class="dot" style="left: ([\d.]+)%"', text) == ['78.0', '80.0', '82.12', '19.0', '20.0', '21.0']
    assert re.findall(r'class="(track[ a-z]*)"', text) == ['track', 'track floor']


def test_maps_stand_under_their_tags(tmp_path):
    uri = image_uri(np.zeros((4, 4, 3), np.uint8), 80)
    maps = [dict(photo=0, tag='c<a>t', picture=uri), dict(photo=3, tag='c<a>t', picture=uri), dict(photo=1, tag='dog', picture=uri)]
    parsed = Parsed(write_explore_page(findings(tag_maps=maps), solid(12), tmp_path / 'page.html').read_text(encoding='utf-8'))
    assert 'tag-maps' in parsed.ids and parsed.addresses.count(uri) == 3 and uri.startswith('data:image/jpeg;base64,')
    assert [address for address in parsed.addresses if re.fullmatch(r'#photo-\d+', address)] == ['#photo-0', '#photo-3', '#photo-1']
    words = '\n'.join(parsed.words)
    assert words.count('c<a>t') == 1 and words.index('c<a>t') < words.index('dog')


def test_what_was_not_found_has_no_section(tmp_path):
    path = write_explore_page(findings(2, duplicates=[], odd=[]), solid(2), tmp_path / 'page.html')
    ids = Parsed(path.read_text(encoding='utf-8')).ids
    assert {'map', 'groups', 'neighbours', 'run'} <= set(ids)
    assert not {'accuracy', 'duplicates', 'odd', 'label-errors', 'checks', 'skipped', 'tag-maps'} & set(ids)


@pytest.mark.parametrize('change, message', [
    (dict(files=[]), 'no files'),
    (dict(groups=[0] * 11), 'groups: 11 for 12 files'),
    (dict(labels=['cat'] * 13), 'labels: 13 for 12 files'),
    (dict(xy=[[0.0, float('nan')]] * 12), 'xy is a finite'),
    (dict(groups=[7] + [0] * 11), r'groups: \[7\] are not in group_list'),
    (dict(duplicates=[[0, 12]]), 'duplicates: photo 12 does not exist; there are 12'),
    (dict(tag_maps=[dict(photo=12, tag='a', picture='data:image/png;base64,')]), 'tag_maps: photo 12'),
    (dict(tag_maps=[dict(photo=1, tag='a', picture='maps/1.jpg')]), "the picture of a is 'maps/1.jpg'; give a data URI"),
    (dict(odd=[dict(photo=-1, score=1.0)]), 'odd: photo -1 does not exist'),
    (dict(neighbors=[dict(photo=0, neighbors=[40])]), 'neighbors: photo 40'),
    (dict(accuracy=[dict(network='n', protocol='kNN', mean=50.0, std=0.0, values=[150.0], floor=False)]), 'percent'),
])
def test_findings_that_do_not_fit_leave_no_page(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        write_explore_page(findings(**change), solid(12), tmp_path / 'page.html')
    assert not (tmp_path / 'page.html').exists()


@pytest.mark.parametrize('thumbnails, message', [
    (solid(11), '11 for 12'), (solid(12).astype(float), 'got float64'), (solid(12)[..., :2], 'uint8'), (solid(12)[:, :5], 'uint8')])
def test_other_thumbnails(tmp_path, thumbnails, message):
    with pytest.raises(ValueError, match=message):
        write_explore_page(findings(), thumbnails, tmp_path / 'page.html')


def test_missing_fields_are_named(tmp_path):
    short = findings()
    del short['xy'], short['odd'], short['labels']  # labels may be left out
    with pytest.raises(ValueError, match='have no xy, odd$'):
        write_explore_page(short, solid(12), tmp_path / 'page.html')


def test_every_thumbnail_lies_in_its_cell():
    thumbnails = solid(150, 128)
    sheets, cell, columns = sprite_sheets(thumbnails)
    assert (cell, columns, len(sheets)) == (128, 8, 3)
    pictures = [cv2.imdecode(np.frombuffer(base64.b64decode(sheet), np.uint8), cv2.IMREAD_COLOR)[..., ::-1] for sheet in sheets]
    assert [picture.shape for picture in pictures] == [(1024, 1024, 3), (1024, 1024, 3), (384, 1024, 3)]
    for i in range(150):
        row, column = divmod(i % 64, 8)
        shown = pictures[i // 64][row * 128:(row + 1) * 128, column * 128:(column + 1) * 128]
        assert np.abs(shown.astype(int) - thumbnails[i])[2:-2, 2:-2].max() <= 6  # colour runs over borders by a pixel


def test_thumbnails_shrink_to_the_budget(monkeypatch):
    noise = np.random.default_rng(0).integers(0, 256, (300, 96, 96, 3), dtype=np.uint8)
    assert sprite_sheets(noise)[1] == 96  # never enlarged
    monkeypatch.setattr(explore_page, 'BUDGET', 1_000_000)
    sheets, cell, _ = sprite_sheets(noise)
    assert cell == 64 and sum(len(base64.b64decode(sheet)) for sheet in sheets) < 1_050_000
    assert sprite_sheets(noise[:, :8, :8])[1] == 16


def test_points_fill_the_square():
    assert unit_square([[3.0, 7.0]]).tolist() == [[0.5, 0.5]]
    assert np.allclose(unit_square([[-10.0, 1.0], [10.0, 6.0], [0.0, 1.0]]), [[0, 0.375], [1, 0.625], [0.5, 0.375]])


def test_texts_become_visible():
    assert visible({'a\x00': ['b\r', (np.float32(0.5), np.arange(2))], 'c': 'ש\u200f👩‍👧'}) == {'a\\x00': ['b\\r', [0.5, [0, 1]]], 'c': 'ש\u200f👩‍👧'}


DRIVER = """
const failures = [];
addEventListener('error', event => failures.push(event.message));
addEventListener('unhandledrejection', event => failures.push(String(event.reason)));
const pause = () => new Promise(done => setTimeout(done, 100));
const point = (type, x, y) => {
  const box = points.getBoundingClientRect();
  points.dispatchEvent(new PointerEvent(type, {clientX: box.left + x, clientY: box.top + y, pointerId: 1, pointerType: 'mouse', bubbles: true, cancelable: true}));
};
const wheel = (pixels, x, y) => {
  const box = points.getBoundingClientRect();
  points.dispatchEvent(new WheelEvent('wheel', {deltaY: pixels, clientX: box.left + x, clientY: box.top + y, bubbles: true, cancelable: true}));
};
const click = photo => { point('pointerdown', ...screenOf(photo)); point('pointerup', ...screenOf(photo)); };
const key = name => points.dispatchEvent(new KeyboardEvent('keydown', {key: name, bubbles: true, cancelable: true}));
const tipText = () => tip.hidden ? null : tip.textContent;
const texts = (selector, root = document) => [...root.querySelectorAll(selector)].map(each => each.textContent);
// how many pixels of the map around a photo have about the colour of its thumbnail
const painted = (photo, [r, g, b]) => {
  const [x, y] = screenOf(photo).map(value => Math.round(value * view.ratio)), pixels = points.getContext('2d').getImageData(x - 10, y - 10, 20, 20).data;
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 4) sum += Math.abs(pixels[i] - r) + Math.abs(pixels[i + 1] - g) + Math.abs(pixels[i + 2] - b) < 30 && pixels[i + 3] > 250;
  return sum;
};
addEventListener('load', async () => {
  const found = {};
  try { await pause(); await drive(found); } catch (error) { failures.push(String(error)); }
  found.failures = failures;
  found.title = document.title;
  document.body.append(element('pre', {id: 'found'}, JSON.stringify(found)));
});
"""


def drive(tmp_path, page, script):
    """What a browser puts into ``found`` when it opens a copy of ``page`` in which ``script`` runs."""
    copy = tmp_path / 'driven.html'
    copy.write_text(page.read_text(encoding='utf-8').replace(
        '<head>', f'<head><script>{DRIVER} async function drive(found) {{ {script} }}</script>', 1), encoding='utf-8')
    done = subprocess.run(
        [CHROMIUM, '--headless', '--no-sandbox', '--disable-gpu', '--window-size=1300,900', f'--user-data-dir={tmp_path}/user',
         '--virtual-time-budget=20000', '--dump-dom', copy.as_uri()], capture_output=True, text=True, timeout=240)
    found = json.loads(html.unescape(re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.S)[1]))
    assert found.pop('failures') == []
    return found


@pytest.mark.slow
@in_browser
def test_a_browser_shows_points_at_switches_and_finds(tmp_path):
    thumbnails = solid(12)
    page = write_explore_page(labelled(), thumbnails, tmp_path / 'page.html')
    found = drive(tmp_path, page, """
      found.nothing = tipText();
      found.hovered = [];
      for (let i = 0; i < count; i++) { point('pointermove', ...screenOf(i)); found.hovered.push(tip.querySelector('bdi').textContent); }
      point('pointermove', ...screenOf(2));
      found.facts = tipText();
      found.thumbnail = [tip.querySelector('.picture').style.backgroundPosition, /^url\\("blob:/.test(tip.querySelector('.picture').style.backgroundImage)];
      for (let i = 0; i < 50 && !painted(9, COLOR); i++) await pause();  // on a busy machine pictures are decoded late
      found.painted = painted(9, COLOR);  // typical of its group, so it has room
      found.foreign = painted(10, COLOR);
      point('pointermove', 3, 3);
      found.away = tipText();

      const boxes = [...document.querySelectorAll('#legend input')];
      found.legend = texts('#legend .name');
      boxes[1].click();
      await pause();
      found.shown = byId('said').textContent;
      found.off = [];
      for (const photo of [1, 2]) { point('pointermove', ...screenOf(photo)); found.off.push(tipText() && tip.querySelector('bdi').textContent); point('pointermove', 3, 3); }
      byId('all').click();
      [...document.querySelectorAll('#legend button')][2].click();
      found.only = boxes.map(box => box.checked);
      byId('all').click();

      byId('search').value = '花/猫';
      byId('search').dispatchEvent(new Event('input'));
      found.found = [byId('found').textContent, [...hits], [...document.querySelectorAll('#hits a')].map(each => each.title)];
      byId('search').dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}));
      found.kept = byId('pinned').querySelector('b bdi').textContent;
      byId('search').value = 'PHOTO';
      byId('search').dispatchEvent(new Event('input'));
      found.several = [...hits];
      byId('search').value = '';
      byId('search').dispatchEvent(new Event('input'));
      found.cleared = [hits, byId('found').textContent];

      await pause();
      click(2);
      found.clicked = [byId('pinned').querySelector('b bdi').textContent, location.hash];
      found.frames = [...document.querySelectorAll('#pinned .sheet a')].map(each => each.className + '|' + each.getAttribute('aria-label'));
      document.querySelectorAll('#pinned .sheet a')[0].click();
      await pause();
      found.neighbor = byId('pinned').querySelector('b bdi').textContent;
      click(10);
      point('pointerdown', 3, 3); point('pointerup', 3, 3);
      found.dropped = byId('pinned').hidden;

      const before = view.scale, under = view.x + 200 / view.scale;
      wheel(-100, 200, 100);
      found.zoomed = [view.scale > before * 1.1, Math.abs(view.x + 200 / view.scale - under) * view.scale < 1];
      const left = view.x;
      point('pointerdown', 100, 100); point('pointermove', 140, 100); point('pointerup', 140, 100);
      found.moved = Math.round((left - view.x) * view.scale);
      key('0');
      found.whole = view.scale === before;

      key('ArrowRight'); const first = hovered; key('ArrowRight'); const second = hovered; key('ArrowLeft');
      found.walked = [xs[second] > xs[first], hovered === first, byId('said').textContent.includes(data.files[first])];
      key('Enter');
      found.entered = byId('pinned').querySelector('b bdi').textContent === data.files[first];
      key('Escape');
      found.escaped = byId('pinned').hidden && tip.hidden;

      document.querySelector('input[value=labels]').click();
      found.labels = texts('#legend .name');
      const copying = async (kind, writeText) => {
        Object.defineProperty(navigator, 'clipboard', {value: {writeText}, configurable: true});
        const button = document.querySelector(`button[data-copy=${kind}]`);
        button.click();
        await pause();
        return button.textContent;
      };
      found.copied = await copying('label_errors', async text => { found.clipboard = text; });
      const refuse = () => Promise.reject(new Error('not allowed'));
      document.execCommand = () => { found.selected = document.activeElement.value; return true; };
      found.older = [await copying('duplicates', refuse), document.querySelectorAll('textarea').length];
      document.execCommand = () => false;
      found.by_hand = [await copying('odd', refuse), document.querySelector('textarea').value];
      found.sheets = [...document.querySelectorAll('#group-cards .card')].map(card => [...card.querySelectorAll('a')].map(each => each.getAttribute('href')));
      found.headings = texts('#group-cards h3');
      found.errors = texts('#label-error-photos figcaption');
      found.rows = [...document.querySelectorAll('#neighbour-rows .sheet')].map(row => [...row.querySelectorAll('a')].map(each => each.className));
      found.duplicates = texts('#duplicate-sets bdi');
      found.checks = texts('#check-cards h3');
    """.replace('COLOR', json.dumps(thumbnails[9, 0, 0].tolist())))
    names = visible(labelled()['files'])
    assert found['title'] == 'Photos <b>'  # no name has run
    assert found['nothing'] is None and found['away'] is None
    assert found['hovered'] == names
    assert found['facts'] == names[2] + 'label: doggroup: 2perhaps: c<a>t (88 %)'
    assert found['thumbnail'] == ['-316px 0px', True]  # third of its row
    assert found['painted'] > 300 and found['foreign'] == 0
    assert found['legend'] == ['group 0', 'group 1', 'group 2'] and found['shown'] == '8 photos shown'
    assert found['off'] == [None, names[2]] and found['only'] == [False, False, True]
    assert found['found'] == ['1 photo found', [3], [names[3]]] and found['kept'] == names[3]
    assert found['several'] == [9, 10, 11] and found['cleared'] == [None, '']
    assert found['clicked'] == [names[2], '#photo-2']
    assert found['frames'] == [f'photo other|{names[3]}, other label: cat', f'photo |{names[4]}']  # 4 has no label
    assert found['neighbor'] == names[3] and found['dropped']
    assert found['zoomed'] == [True, True] and found['moved'] == 40 and found['whole']
    assert found['walked'] == [True, True, True] and found['entered'] and found['escaped']
    assert found['labels'] == ['cat', 'dog', 'no label'] and found['copied'] == '2 names copied'
    assert found['clipboard'] == names[2] + '\n' + names[0]
    assert found['older'] == ['1 name copied', 0] and found['selected'] == names[1]
    assert found['by_hand'] == ['This browser does not copy; copy from the box', names[1]]
    assert found['sheets'][0] == ['#photo-9', '#photo-6', '#photo-3', '#photo-0']
    assert found['headings'][0].startswith('Group 04 photos · cat 50 %, dog 50 %')
    assert found['errors'] == [f'{names[2]}dog → c<a>t88 % sure', f'{names[0]}dog → cat50 % sure']
    assert found['rows'][0] == ['photo query', 'photo other', 'photo same'] and found['duplicates'] == names[:2]
    assert found['checks'] == ['blurry2 photoscopy names']


@pytest.mark.slow
@in_browser
@pytest.mark.parametrize('count, grouped', [(2, True), (1, False)])
def test_few_photos_without_labels(tmp_path, count, grouped):
    """No frames where no labels are, and no group where none was found."""
    few = findings(count, duplicates=[], odd=[], neighbors=[dict(photo=0, neighbors=[1])] if count > 1 else [],
                   xy=[[0.0, 0.0]] * count)
    if not grouped:
        few |= dict(groups=[-1] * count, group_list=[])
    found = drive(tmp_path, write_explore_page(few, solid(count), tmp_path / 'page.html'), """
      found.legend = texts('#legend .name');
      click(0);
      found.kept = byId('pinned').querySelector('b bdi').textContent;
      found.frames = [...document.querySelectorAll('#pinned .sheet a')].map(each => each.className);
      found.choices = document.querySelectorAll('#coloring input').length;
      point('pointermove', ...screenOf(count - 1));
      found.hovered = !tip.hidden;
    """)
    assert found['legend'] == (['group 0', 'group 1'] if grouped else ['in no group'])
    assert found['kept'] in HOSTILE[:2] and found['hovered'] and found['choices'] == 0
    assert found['frames'] == (['photo '] if count > 1 else [])
