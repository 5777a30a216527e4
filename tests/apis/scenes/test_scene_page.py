"""The page on which a scene is changed by hand: what it answers, whom, and that a browser's clicks change the picture."""

import base64
import contextlib
import http.client
import http.server
import json
import os
import shutil
import subprocess
import threading
import time

import cv2
import numpy as np
import pytest

from mmwsl.apis.scenes import ScenePage, rearrange, serve_page
from mmwsl.cli.program import main
from mmwsl.datasets.readers.scenes.scene_files import read_scene, write_scene
from mmwsl.ops.occlusion.layers import SceneLayers, compose

CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
COLORS = [(255, 0, 0), (0, 0, 255)]


def layers():
    """A red square behind a blue one on grey; the blue one hides a corner of it."""
    shapes = np.zeros((2, 60, 80), dtype=bool)
    shapes[0, 10:40, 10:40], shapes[1, 25:50, 25:55] = True, True
    contents = np.zeros((2, 60, 80, 3), np.uint8)
    for content, shape, color in zip(contents, shapes, COLORS, strict=True):
        content[shape] = color
    return SceneLayers(np.full((60, 80, 3), 128, np.uint8), contents, shapes, np.array([[0, -1], [1, 0]], np.int8),
                       (HOSTILE, 'blue'))


def decoded(uri):
    kind, _, content = uri.partition(',')
    assert kind == 'data:image/png;base64'
    return cv2.imdecode(np.frombuffer(base64.b64decode(content), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def test_answers():
    page = ScenePage(layers(), HOSTILE)
    assert page.state({}) == dict(title=HOSTILE, names=[HOSTILE, 'blue'], width=80, height=60, changes=[], files=[])
    first = page.compose(dict(changes=[]))
    assert np.array_equal(decoded(first['picture']), compose(layers())) and np.array_equal(
        decoded(first['visible']), compose(layers()))
    assert first['outlines'] == {0: [[[10, 10], [10, 39], [39, 39], [39, 10]]], 1: [[[25, 25], [25, 49], [54, 49], [54, 25]]]}
    changes = [['shift', [1, 20, 0]], ['front', [0]]]
    second = page.compose(dict(changes=changes))
    expected, _ = rearrange(layers(), changes)
    assert np.array_equal(decoded(second['picture']), expected)
    assert decoded(second['picture'])[30, 30].tolist() == [255, 0, 0]  # the hidden corner is whole,
    assert decoded(second['visible'])[30, 30].tolist() == [128, 128, 128]  # and a hole without what was hidden
    at = [page.at(dict(changes=[['delete', [0]]] if gone else [], x=x, y=y))['object']
          for gone, x, y in ((0, 12, 12), (0, 30, 30), (0, 70, 5), (1, 12, 12), (1, 30, 30), (0, -1, 5), (0, 80, 5))]
    assert at == [0, 1, None, None, 1, None, None]
    assert list(page.compose(dict(changes=[['delete', [0]]]))['outlines']) == [1]


@pytest.mark.parametrize('asked', [
    {}, dict(changes=5), dict(changes=[['shift']]), dict(changes=[['shift', ['1', 2, 3]]]), dict(changes=[['shift', [0, 1e300, 0]]]),
    dict(changes=[['__class__', [0]]]), dict(changes=[['front', [7]]]), dict(changes=[['front', [True]]])])
def test_questions_that_make_no_sense(asked):
    with pytest.raises(ValueError, match='changes are a list|no whole numbers|is no change|there is no 7'):
        ScenePage(layers(), 's').compose(asked)


@contextlib.contextmanager
def served(**settings):
    with serve_page(layers(), title=HOSTILE, **settings) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def ask(server, path='/compose', body='{"changes": []}', method='POST', **headers):
    connection = http.client.HTTPConnection('127.0.0.1', server.server_address[1], timeout=30)
    connection.request(method, path, body if method == 'POST' else None, {'Content-Type': 'application/json', **headers})
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.headers


def test_who_is_answered(tmp_path):
    with served(out=tmp_path / 'p.png', save=tmp_path / 's.npz') as server:
        assert server.server_address[0] == '127.0.0.1'
        status, content, headers = ask(server, '/', method='GET')
        assert status == 200 and b'page.js' in content and "default-src 'none'" in headers['Content-Security-Policy']
        assert ask(server, '/page.py', method='GET')[0] == 404 and ask(server, '/../page.py', method='GET')[0] == 404
        assert ask(server)[0] == 200 and ask(server, '/state', '{}')[0] == 200
        assert ask(server, Host='evil.example')[0] == 403 and ask(server, '/', method='GET', Host='evil.example')[0] == 403
        assert ask(server, Origin='http://evil.example')[0] == 403
        assert ask(server, **{'Content-Type': 'text/plain'})[0] == 403
        assert ask(server, '/keys')[0] == 404
        for body in ('{', '[]', '{"changes": [["front", [9]]]}', '[' * 100000):
            status, content, _ = ask(server, body=body)
            assert status == 400 and json.loads(content)['error'] != ''
        assert ask(server, **{'Content-Length': str(1 << 30)})[0] == 413
        assert not (tmp_path / 'p.png').exists()
        assert ask(server, '/save', '{"changes": [["delete", [1]]]}')[0] == 200
        assert read_scene(tmp_path / 's.npz').names == (HOSTILE,)
        assert cv2.imread(str(tmp_path / 'p.png'))[45, 45].tolist() == [128, 128, 128]
    with served() as server:
        status, content, _ = ask(server, '/save')
        assert status == 400 and '--out or --save' in json.loads(content)['error']
        with pytest.raises(OSError, match='name another one'):
            serve_page(layers(), server.server_address[1])
        with pytest.raises(OSError, match='name another one'):
            serve_page(layers(), 99999)
    with pytest.raises(ValueError, match='.png or .jpg'):
        serve_page(layers(), out=tmp_path / 'p.gif')
    with pytest.raises(ValueError, match='there is no 5'):
        serve_page(layers(), changes=[('front', (5,))])


def test_the_command_writes_something(tmp_path, capsys):
    write_scene(tmp_path / 's.npz', layers())
    arguments = ['rearrange', str(tmp_path / 's.npz'), '--front', '0']
    assert main(arguments) == 1
    assert '--page' in capsys.readouterr().err
    assert main([*arguments, '--visible', str(tmp_path / 'v.png'), '--out', str(tmp_path / 'p.png')]) == 0
    corners = [cv2.imread(str(tmp_path / name))[30, 30].tolist() for name in ('p.png', 'v.png')]
    assert corners == [[0, 0, 255], [255, 0, 0]]  # BGR: the red one in front, and blue where it was never seen


def test_the_command_serves_until_it_is_interrupted(tmp_path, capsys, monkeypatch):
    write_scene(tmp_path / '<b>s.npz', layers())

    def interrupted(server):
        assert server.RequestHandlerClass.page.title == '<b>s.npz' and server.url.startswith('http://127.0.0.1:')
        raise KeyboardInterrupt

    monkeypatch.setattr(http.server.ThreadingHTTPServer, 'serve_forever', interrupted)
    assert main(['rearrange', str(tmp_path / '<b>s.npz'), '--front', '0', '--page']) == 0
    assert 'http://127.0.0.1:' in capsys.readouterr().out


class Browser:
    """Chromium without a window, told what to do by its own protocol over two pipes."""

    def __init__(self, folder):
        commands, self._write = os.pipe()
        self._read, answers = os.pipe()

        def pipes():  # the browser reads from 3 and writes to 4
            copies = os.dup(commands), os.dup(answers)
            os.dup2(copies[0], 3)
            os.dup2(copies[1], 4)

        self._process = subprocess.Popen(
            [CHROMIUM, '--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe', '--window-size=1200,900',
             f'--user-data-dir={folder}', 'about:blank'], preexec_fn=pipes, close_fds=False, stderr=subprocess.DEVNULL)
        os.close(commands)
        os.close(answers)
        self._left, self._count, self._session = b'', 0, None
        target = next(each for each in self.call('Target.getTargets')['targetInfos'] if each['type'] == 'page')
        self._session = self.call('Target.attachToTarget', targetId=target['targetId'], flatten=True)['sessionId']

    def call(self, method, **parameters):
        self._count += 1
        message = dict(id=self._count, method=method, params=parameters)
        if self._session:
            message['sessionId'] = self._session
        os.write(self._write, json.dumps(message).encode() + b'\0')
        while True:
            while b'\0' not in self._left:
                got = os.read(self._read, 1 << 16)
                assert got, 'the browser ended'
                self._left += got
            answer, self._left = self._left.split(b'\0', 1)
            answer = json.loads(answer)
            if answer.get('id') == self._count:
                assert 'error' not in answer, answer
                return answer['result']

    def value(self, script):
        answer = self.call('Runtime.evaluate', expression=script, returnByValue=True, awaitPromise=True)
        assert 'exceptionDetails' not in answer, answer
        return answer['result'].get('value')

    def wait(self, script):
        for _ in range(600):
            if self.value(script):
                return
            time.sleep(0.1)
        raise AssertionError(f'{script} never came true; the page says {self.value("document.body.innerText")!r}')

    def mouse(self, kind, x, y):
        self.call('Input.dispatchMouseEvent', type=kind, x=x, y=y, button='left', buttons=int(kind != 'mouseReleased'), clickCount=1)

    def drag(self, start, end):
        self.mouse('mousePressed', *start)
        for step in (0.5, 1.0):
            self.mouse('mouseMoved', *(a + (b - a) * step for a, b in zip(start, end, strict=True)))
        self.mouse('mouseReleased', *end)

    def press(self, name):
        x, y, width, height = self.value(
            f'(() => {{ const b = document.getElementById("{name}").getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; }})()')
        self.drag((x + width / 2, y + height / 2), (x + width / 2, y + height / 2))

    def pixels(self, name, *places):
        """Colors of a picture of the page at places (x, y) of the scene."""
        return self.value(f"""(() => {{
          const image = document.getElementById('{name}'), canvas = document.createElement('canvas');
          canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
          const paint = canvas.getContext('2d'); paint.drawImage(image, 0, 0);
          return {json.dumps(places)}.map(([x, y]) => [...paint.getImageData(x, y, 1, 1).data].slice(0, 3)); }})()""")

    def close(self):
        with contextlib.suppress(AssertionError, OSError):
            self._session = None
            self.call('Browser.close')
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason='no browser is installed (chromium)')
def test_a_person_clicks_drags_deletes_and_brings_to_front(tmp_path):
    grey, red, blue = [128, 128, 128], [255, 0, 0], [0, 0, 255]
    with served(out=tmp_path / 'p.png') as server, contextlib.closing(Browser(tmp_path / 'user')) as browser:
        browser.call('Page.navigate', url=server.url)
        browser.wait('document.body && document.body.dataset.changes === "0"')
        assert browser.value('document.title') == HOSTILE  # text, whatever is in it
        assert browser.value('document.getElementById("title").textContent') == HOSTILE
        assert browser.value('[...document.querySelectorAll("#objects button")].map(each => each.textContent)') == [HOSTILE, 'blue']
        assert browser.value('document.querySelectorAll("h1 *, #objects button *, body script").length') == 0
        left, top, scale = browser.value('(() => { const b = picture.getBoundingClientRect(); return [b.x, b.y, b.width / 80]; })()')

        def screen(x, y):
            return left + (x + 0.5) * scale, top + (y + 0.5) * scale

        assert browser.pixels('picture', (30, 30), (60, 30)) == [blue, grey]
        browser.drag(screen(12, 12), screen(12, 12))  # a click
        browser.wait('!document.getElementById("front").disabled')
        assert browser.value('document.querySelectorAll("#outline polygon").length') == 1
        assert browser.value('changes.length') == 0
        browser.press('front')
        browser.wait('document.body.dataset.changes === "1"')
        assert browser.pixels('picture', (30, 30), (45, 45)) == [red, blue]
        assert browser.pixels('visible', (30, 30), (45, 45)) == [blue, blue]  # what is hidden of the red one is not known
        browser.drag(screen(45, 45), screen(65, 42))
        browser.wait('document.body.dataset.changes === "2"')
        assert browser.value('changes') == [['front', [0]], ['shift', [1, 20, -3]]]
        assert browser.pixels('picture', (30, 30), (45, 45), (65, 42), (42, 30)) == [red, blue, blue, grey]
        browser.press('delete')
        browser.wait('document.body.dataset.changes === "3"')
        assert browser.pixels('picture', (30, 30), (45, 45), (65, 42)) == [red, grey, grey]
        assert browser.value('document.querySelectorAll("#objects button").length') == 1
        browser.press('save')
        browser.wait('document.getElementById("said").textContent.startsWith("written")')
        assert cv2.imread(str(tmp_path / 'p.png'))[42, 65].tolist() == grey
        browser.press('undo')
        browser.wait('document.body.dataset.changes === "2"')
        assert browser.pixels('picture', (65, 42)) == [blue]
