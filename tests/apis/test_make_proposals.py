"""``mmwsl proposals``: one file of a folder, whatever the number of processes, also after a stop."""

import cv2
import numpy as np
import pytest

from mmwsl.apis.proposals import make, make_proposals
from mmwsl.cli import main
from mmwsl.datasets.readers import read_proposals
from mmwsl.ops.proposals import hierarchical


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / 'photos'
    (folder / 'sub').mkdir(parents=True)
    for number in range(5):
        image = np.random.default_rng(number).integers(0, 255, (4, 5, 3)).astype(np.uint8)
        cv2.imwrite(str(folder / ('sub' if number % 2 else '') / f'{number}.png'), cv2.resize(image, (60 + number, 40)))
    (folder / 'broken.jpg').write_bytes(b'no photo')
    return folder


def test_the_command(photos, tmp_path, capsys):
    out = tmp_path / 'out' / 'some.proposals'
    assert main(['proposals', str(photos), '--out', str(out), '--workers', '2', '--max-per-image', '30']) == 0
    found = make_proposals([photos], out, max_per_image=30)  # that of the command, as it is
    said = capsys.readouterr()
    assert f'{out}: {len(found.boxes)} boxes of 5 photos' in said.out and 'left out: broken.jpg: image' in said.err
    assert found.ids == ['0.png', '2.png', '4.png', 'sub/1.png', 'sub/3.png']
    assert found.sizes.tolist() == [[60, 40], [62, 40], [64, 40], [61, 40], [63, 40]]
    image = cv2.cvtColor(cv2.imread(str(photos / 'sub' / '3.png')), cv2.COLOR_BGR2RGB)
    boxes, scores = found.of('sub/3.png', size=(63, 40))
    np.testing.assert_array_equal(boxes, hierarchical(image, max_boxes=30)[0])
    assert len(boxes) == 30 and [each.name for each in out.parent.iterdir()] == ['some.proposals']
    assert main(['proposals', str(photos), '--out', str(out), '--workers', '0']) == 1
    assert 'has proposals of other settings' in capsys.readouterr().err
    assert main(['proposals', str(photos / 'sub'), '--out', str(out), '--max-per-image', '30']) == 1
    assert 'has proposals of other photos already; remove it, or give another --out' in capsys.readouterr().err


def test_own_data(photos, tmp_path, capsys):
    (photos / 'sub').rename(tmp_path / 'data')
    (tmp_path / 'data' / 'dogs').mkdir()
    (photos / '4.png').rename(tmp_path / 'data' / 'dogs' / '4.png')
    arguments = ['--out', str(tmp_path / 'out'), '--workers', '0', '--max-per-image', '3']
    assert main(['proposals', '--data', str(tmp_path / 'data'), '--format', 'photos', *arguments]) == 0
    assert read_proposals(tmp_path / 'out').ids == ['1.png', '3.png', 'dogs/4.png']
    for wrong in ([], [str(photos), '--data', str(photos)]):
        assert main(['proposals', *wrong, *arguments]) == 1
        assert 'name photos, or --data PATH, one of the two' in capsys.readouterr().err


def test_it_goes_on_after_a_stop(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(make, 'PART', 2)
    whole = make_proposals([photos], tmp_path / 'whole', workers=0)
    read, seen = make.read_image, []

    def stop_at_fourth(path):
        seen.append(path)
        if len(seen) == 4:
            raise KeyboardInterrupt
        return read(path)
    monkeypatch.setattr(make, 'read_image', stop_at_fourth)
    with pytest.raises(KeyboardInterrupt):
        make_proposals([photos], tmp_path / 'out', workers=0)
    assert not (tmp_path / 'out').exists()
    with pytest.raises(ValueError, match='has parts of another command'):
        make_proposals([photos], tmp_path / 'out', max_per_image=3, workers=0)
    made = make_proposals([photos], tmp_path / 'out', workers=0)
    assert len(seen) == 4 + 4  # the first part is not made again
    assert made.ids == whole.ids and made.meta == whole.meta
    assert (tmp_path / 'out').read_bytes() == (tmp_path / 'whole').read_bytes()
    assert not (tmp_path / 'out.parts').exists()


def test_nothing_to_read(photos, tmp_path):
    with pytest.raises(ValueError, match='none of the 1 photos can be read; the first: image .*broken.jpg'):
        make_proposals([photos / 'broken.jpg'], tmp_path / 'out', workers=0)
    assert [each.name for each in tmp_path.iterdir()] == ['photos']


@pytest.mark.parametrize('options, message', [
    (dict(method='boxes'), 'choose one of hierarchical, selective_search, edge_boxes'),
    (dict(max_per_image=0), 'max_per_image=0 must be 1 or more'), (dict(workers=-1), 'workers=-1 0 or more')])
def test_wrong_arguments(photos, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        make_proposals([photos], tmp_path / 'out', **options)


@pytest.mark.skipif(hasattr(cv2, 'ximgproc'), reason='OpenCV is the contrib build')
def test_a_method_that_is_not_installed_is_said_before_any_work(photos, tmp_path):
    with pytest.raises(ImportError, match='exchange it for its contrib build'):
        make_proposals([photos], tmp_path / 'out', 'selective_search')
    assert [each.name for each in tmp_path.iterdir()] == ['photos']
