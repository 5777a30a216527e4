"""A file of proposals re-ranked by a network, and ``mmwsl proposals --rerank``."""

import cv2
import numpy as np
import pytest

from mmwsl.apis.proposals import rerank_proposals
from mmwsl.cli import main
from mmwsl.datasets.readers import read_proposals
from mmwsl.datasets.readers.proposals import Proposals

CONFIG = 'mmwsl::weaksup/detection/motion/motion_r18w16_1xb16-cos-3e_digitscenes.py'
BOXES = [np.array([[0, 0, 5, 5], [10, 10, 20, 20]], np.float32), np.array([[1, 1, 9, 9]], np.float32)]


def base():
    return Proposals.from_lists(['one', 'two'], BOXES, [np.array([0.9, 0.8]), np.array([0.5])], np.array([[32, 32]] * 2))


def test_lists_in_a_new_order():
    found = [('two', np.zeros((0, 4)), np.zeros(0)), ('one', BOXES[0][1:], np.array([0.7]))]
    proposals = rerank_proposals(base(), found, meta=dict(made='so'))
    assert proposals.ids == ['one', 'two'] and proposals.meta == dict(made='so')
    boxes, scores = proposals.of('one', size=(32, 32))
    np.testing.assert_array_equal(boxes, BOXES[0][::-1])
    assert scores.tolist() == pytest.approx([0.7, 0]) and proposals.of('two')[1].tolist() == [0]


def test_an_image_that_the_network_did_not_see_is_named():
    with pytest.raises(KeyError, match='1 of 2 images were not seen by the network, the first: two'):
        rerank_proposals(base(), [('one', BOXES[0], np.ones(2))])


def test_the_command(tmp_path, capsys):
    folder = tmp_path / 'photos'
    folder.mkdir()
    for number in range(2):
        noise = np.random.default_rng(number).integers(0, 255, (5, 5, 3)).astype(np.uint8)
        cv2.imwrite(str(folder / f'{number}.png'), cv2.resize(noise, (64, 64)))
    (folder / 'broken.png').write_bytes(b'no photo')
    out = tmp_path / 'some.proposals'
    command = ['proposals', str(folder), '--out', str(out), '--workers', '0', '--max-per-image', '30', '--rerank-top', '5',
               '--rerank', CONFIG, 'random']
    assert main(command) == 0
    said = capsys.readouterr()
    assert f'{out}: 60 boxes of 2 photos' in said.out and 'left out: broken.png' in said.err
    before, after = read_proposals(f'{out}.base'), read_proposals(out)
    assert after.ids == before.ids == ['0.png', '1.png'] and after.meta['settings']['rerank'] == dict(
        network='random', top=5)
    for name in after.ids:
        boxes, scores = after.of(name, size=(64, 64))
        assert sorted(boxes.tolist()) == sorted(before.of(name)[0].tolist()) and (np.diff(scores) <= 0).all()
        assert 0 < scores[0] < 1 and boxes.tolist() != before.of(name)[0].tolist()
    assert main(command) == 0  # taken as it is
    assert main([*command[:-3], '--rerank-top', '6', *command[-3:]]) == 1
    assert 'has proposals of other settings' in capsys.readouterr().err


def test_a_network_of_another_kind_is_refused(tmp_path, capsys):
    cv2.imwrite(str(tmp_path / 'photo.png'), np.zeros((64, 64, 3), np.uint8))
    config = 'mmwsl::weaksup/detection/start/start_r18w16_1xb64-cos-6e_digitscenes.py'
    assert main(['proposals', str(tmp_path / 'photo.png'), '--out', str(tmp_path / 'out'), '--rerank', config, 'random']) == 1
    assert 'is a Localizer, whose boxes re-rank nothing; give a ProposalNetwork' in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ['photo.png']
