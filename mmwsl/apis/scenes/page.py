"""A local page on which a person changes a scene by hand; it is served on 127.0.0.1, by the standard library."""

import base64
import json
import logging
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine.logging import print_log

from mmwsl.apis.scenes.rearrange import Change, changed_layers, encoded_picture, rearrange, visible_alone
from mmwsl.datasets.readers.scenes.scene_files import read_scene
from mmwsl.files import check_writable
from mmwsl.ops.occlusion.layers import SceneLayers, compose, visible_parts

ADDRESS = '127.0.0.1'  # nobody else's machine reaches it
FILES = {'/': ('page.html', 'text/html'), '/page.js': ('page.js', 'text/javascript'),
         '/page.css': ('page.css', 'text/css')}
LONGEST = 1 << 20  # bytes of a request
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
          "form-action 'none'; base-uri 'none'; frame-ancestors 'none'")


class ScenePage:
    """What the page asks for. It keeps no state but the scene: every question comes with all changes made so far.

    Args:
        layers: the scene.
        title: its name, shown as text whatever is in it.
        out, save: files that :meth:`save` writes, see :func:`rearrange`.
        changes: those that the page begins with.

    Raises:
        ValueError: neither a picture's ending, nor changes that fit the scene.
        OSError: a file cannot be written.
    """

    def __init__(self, layers: SceneLayers, title: str, out: Path | str | None = None, save: Path | str | None = None,
                 changes: Sequence[Change] = ()):
        for file in (out, save):
            if file is not None:
                check_writable(file)
        if out is not None and Path(out).suffix.lower() not in ('.png', '.jpg', '.jpeg'):
            raise ValueError(f'{out}: the picture needs a name that ends in .png or .jpg')
        changed_layers(layers, changes)
        self.layers, self.alone, self.title, self.changes = layers, visible_alone(layers), title, list(changes)
        self.files = out, save

    def state(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Names, size and first changes."""
        height, width = self.layers.background.shape[:2]
        return dict(title=self.title, names=list(self.layers.names), width=width, height=height, changes=self.changes,
                    files=[str(each) for each in self.files if each is not None])

    def compose(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Pictures as data URIs after ``changes``: of whole objects, and of visible parts alone; and the outlines of
        each object that is left, polygons of x, y."""
        changes = _changes_of(asked)
        layers, kept = changed_layers(self.layers, changes)
        return dict(picture=_uri(compose(layers)), visible=_uri(compose(changed_layers(self.alone, changes)[0])),
                    outlines={number: _outlines(shape) for number, shape in zip(kept, layers.shapes, strict=True)})

    def at(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The number of the ``object`` that is seen at pixel ``x``, ``y`` after ``changes``, or None."""
        layers, kept = changed_layers(self.layers, _changes_of(asked))
        x, y = _numbers([asked.get('x'), asked.get('y')])
        height, width = layers.background.shape[:2]
        seen = visible_parts(layers)[:, y, x] if 0 <= x < width and 0 <= y < height else np.zeros(0, dtype=bool)
        return dict(object=kept[int(seen.argmax())] if seen.any() else None)

    def save(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Write the files that the page was started with, and none else.

        Raises:
            ValueError: it was started without any.
        """
        out, save = self.files
        if out is None and save is None:
            raise ValueError('the page was started without a file to write; start it with --out or --save')
        rearrange(self.layers, _changes_of(asked), out, save)
        return dict(files=[str(each) for each in self.files if each is not None])


def serve_page(scene: SceneLayers | Path | str, port: int = 0, title: str | None = None, out: Path | str | None = None,
               save: Path | str | None = None, changes: Sequence[Change] = ()) -> ThreadingHTTPServer:
    """A server of the page of a scene, bound to 127.0.0.1; ``serve_forever`` runs it, and ``url`` is its address.

    Args:
        scene: layers, or a file of them.
        port: 0 takes a free one.
        title, out, save, changes: see :class:`ScenePage`; the title is the file's name by default.

    Raises:
        FileNotFoundError, ValueError: see :func:`mmwsl.datasets.readers.scenes.read_scene` and :class:`ScenePage`.
        OSError: the port is taken, or a file cannot be written.
    """
    layers = scene if isinstance(scene, SceneLayers) else read_scene(scene)
    name = 'a scene' if isinstance(scene, SceneLayers) else Path(scene).name
    page = ScenePage(layers, title or name, out, save, changes)
    try:
        server = ThreadingHTTPServer((ADDRESS, port), type('Handler', (_Handler,), dict(page=page)))
    except (OSError, OverflowError) as error:
        raise OSError(f'port {port} of {ADDRESS} cannot be used ({error}); name another one, or 0 for a free '
                      'one') from error
    server.daemon_threads = True
    server.url = f'http://{ADDRESS}:{server.server_address[1]}/'  # type: ignore[attr-defined]
    print_log(f'the page of the scene is at {server.url}', logger='current', level=logging.INFO)  # type: ignore[attr-defined]
    return server


class _Handler(BaseHTTPRequestHandler):
    """Answers this machine's own pages alone: another site's page may neither ask nor, by a name of its own for
    127.0.0.1, pretend to be this one."""

    page: ScenePage
    protocol_version = 'HTTP/1.1'
    server_version, sys_version = 'mmwsl', ''

    def do_GET(self) -> None:
        """The page's own three files."""
        if self._foreign():
            return self._answer(403, b'this page is for its own machine', 'text/plain')
        name, kind = FILES.get(self.path, (None, ''))
        if name is None:
            return self._answer(404, b'there is no such file', 'text/plain')
        self._answer(200, (Path(__file__).parent / name).read_bytes(), kind)

    def do_POST(self) -> None:
        """A question as JSON: ``/state``, ``/compose``, ``/at``, ``/save``."""
        length = self.headers.get('Content-Length', '')
        if not length.isdigit() or int(length) > LONGEST:
            self.close_connection = True  # what is sent stays unread
            return self._say(413, f'a request has a length, of at most {LONGEST} bytes')
        sent = self.rfile.read(int(length))
        if self._foreign() or self.headers.get_content_type() != 'application/json':
            return self._say(403, 'this page is for its own machine, and for JSON')
        question = dict(state=self.page.state, compose=self.page.compose, at=self.page.at, save=self.page.save).get(
            self.path[1:])
        if question is None:
            return self._say(404, f'{self.path} cannot be asked')
        try:
            asked = json.loads(sent)
            if not isinstance(asked, dict):
                raise ValueError('a question is an object of JSON')
            self._answer(200, json.dumps(question(asked)).encode(), 'application/json')
        except (ValueError, RecursionError) as error:
            self._say(400, str(error))
        except OSError as error:
            self._say(500, str(error))

    def _foreign(self) -> bool:
        port = self.connection.getsockname()[1]
        own = {f'{name}:{port}' for name in (ADDRESS, 'localhost')}
        origin = self.headers.get('Origin')
        return self.headers.get('Host') not in own or origin not in (None, *(f'http://{each}' for each in own))

    def _say(self, status: int, error: str) -> None:
        self._answer(status, json.dumps(dict(error=error)).encode(), 'application/json')

    def _answer(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in (('Content-Type', f'{kind}; charset=utf-8'), ('Content-Length', str(len(content))),
                            ('Content-Security-Policy', POLICY), ('X-Content-Type-Options', 'nosniff'),
                            ('Cache-Control', 'no-store'), ('Referrer-Policy', 'no-referrer')):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a line a request would drown what else is said."""


def _numbers(values: Any) -> list[int]:
    if not isinstance(values, list) or any(type(each) is not int or abs(each) > 1 << 20 for each in values):
        raise ValueError(f'{values!r} are no whole numbers of pixels or objects')
    return values


def _changes_of(asked: dict[str, Any]) -> list[Change]:
    changes = asked.get('changes')
    if not isinstance(changes, list) or any(
            not isinstance(each, list) or len(each) != 2 or not isinstance(each[0], str) for each in changes):
        raise ValueError('changes are a list of pairs of a kind and numbers')
    return [(kind, _numbers(numbers)) for kind, numbers in changes]


def _uri(picture: np.ndarray) -> str:
    return 'data:image/png;base64,' + base64.b64encode(encoded_picture(picture, '.png')).decode()


def _outlines(shape: np.ndarray) -> list[list[list[int]]]:
    found, _ = cv2.findContours(shape.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [each[:, 0].tolist() for each in found]
