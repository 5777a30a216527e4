"""Pictures moved by arrows and cut out by clicks, by a network that is written down rather than trained."""

import cv2
import numpy as np
import pytest
import torch

from mmwsl.apis.motion import GuidedMotion, animate, cut_out, iou_of_clicks, next_click
from mmwsl.cli.program import main
from mmwsl.datasets import ImageError

CMP = 'mmwsl::selfsup/cmp/cmp_r18w4_1xb16-cos-6e_motionclips.py'


@pytest.fixture
def rigid(monkeypatch):
    """A network that moves a whole region of one color with what is told of it; it has its true limit."""
    def propagate(self, images, guidance):
        flow = torch.zeros(len(images), 2, *images.shape[2:])
        for image, told, result in zip(images, guidance, flow, strict=True):
            for y, x in torch.nonzero(told[2]).tolist():
                same = (image - image[:, y, x, None, None]).abs().sum(0) < 0.5
                result[:, same] = told[:2, y, x, None]
        return flow
    monkeypatch.setattr('mmwsl.models.pretext.motion.ConditionalMotionPropagation.propagate', propagate)
    return GuidedMotion(CMP, 'random', device='cpu')


def picture():
    """Gray 96 x 64 with a red square and a green one."""
    image = np.full((64, 96, 3), 120, np.uint8)
    image[8:24, 8:24], image[32:56, 60:84] = (220, 20, 20), (20, 220, 20)
    return image


def test_the_arrow_moves_what_it_is_on_and_frames_go_there_step_by_step(rigid):
    image = picture()
    flow = rigid.flow(image, [(16, 16, 4, 2)])
    assert flow.shape == (64, 96, 2) and (flow[8:24, 8:24] == (4, 2)).all() and not flow[32:56].any()
    frames = rigid.frames(image, [(16, 16, 4, 2), (70, 40, 0, 0)], 2)
    red = [np.argwhere((frame == (220, 20, 20)).all(-1)).min(0).tolist() for frame in frames]
    assert red == [[8, 8], [9, 10], [10, 12]]
    assert all((frame[34:54, 62:82] == (20, 220, 20)).all() for frame in frames)


def test_points_and_flow_are_in_pixels_of_the_picture(rigid):
    rigid.size = 128  # twice as large for the network
    assert np.median(rigid.flow(picture(), [(70, 40, 2, -2)])[36:52, 64:80], (0, 1)).tolist() == [2, -2]


def test_a_click_cuts_out_and_the_next_one_corrects(rigid):
    image = picture()
    red, green = (np.zeros((64, 96), bool) for _ in range(2))
    red[8:24, 8:24] = green[32:56, 60:84] = True
    assert (rigid.cut_out(image, [(10, 10)]) == red).all()
    assert (rigid.cut_out(image, [(10, 10), (70, 50)]) == red | green).all()
    assert not rigid.cut_out(image, [(10, 10)], negative=[(12, 12)]).any()  # later points count
    point, missed = next_click(red, red | green)
    assert missed and green[point[1], point[0]]
    assert next_click(red | green, green)[1] is False and next_click(red, red) is None
    assert iou_of_clicks(rigid, image, red | green, 3) == [pytest.approx(576 / 832), 1, 1]


@pytest.mark.parametrize('ending', ['.gif', '.mp4'])
def test_the_command_writes_a_video_and_a_strip(rigid, tmp_path, ending):
    cv2.imwrite(str(tmp_path / 'photo.png'), picture()[..., ::-1])
    out, strip = tmp_path / f'moved{ending}', tmp_path / 'strip.png'
    assert main(['animate', str(tmp_path / 'photo.png'), '--arrows', '16,16,4,-2', '--config', CMP, '--checkpoint',
                 'random', '--frames', '3', '--strip', str(strip), '--device', 'cpu', '--out', str(out)]) == 0
    video = cv2.VideoCapture(str(out))
    frames = []
    while (found := video.read())[0]:
        frames.append(found[1])
    assert len(frames) == 4 and frames[0].shape == (64, 96, 3)
    red = [np.argwhere((frame[..., 2] > 180) & (frame[..., 1] < 90)).mean(0) for frame in frames]
    assert np.abs(red[-1] - red[0] - (-2, 4)).max() < 0.6
    assert cv2.imread(str(strip)).shape == (64, 5 * 96, 3)
    assert not [path.name for path in tmp_path.iterdir() if 'partial' in path.name]


def test_the_command_writes_a_mask(rigid, tmp_path, capsys):
    cv2.imwrite(str(tmp_path / 'photo.png'), picture()[..., ::-1])
    words = [str(tmp_path / 'photo.png'), '--config', CMP, '--checkpoint', 'random', '--device', 'cpu', '--out']
    assert main(['cut-out', *words, str(tmp_path / 'mask.png'), '--positive', '70,50']) == 0
    mask = cv2.imread(str(tmp_path / 'mask.png'), cv2.IMREAD_UNCHANGED)
    assert mask.shape == (64, 96) and (mask == 255).sum() == 24 * 24 and (mask[32:56, 60:84] == 255).all()
    assert main(['cut-out', *words, str(tmp_path / 'mask.png'), '--positive', '70,50', '--negative', '10,10',
                 '--strip', str(tmp_path / 'strip.png')]) == 0
    clicked, moving, cut = np.split(cv2.imread(str(tmp_path / 'strip.png'))[..., ::-1], 3, axis=1)
    assert clicked[50, 70].tolist() == [255, 0, 0] and clicked[10, 10].tolist() == [0, 0, 255]
    assert (moving[32:56, 60:84] == 255).all() and not moving[:32].any()
    assert (cut[32:56, 60:84] == (20, 220, 20)).all() and (cut[8:24, 8:24] == (235, 185, 185)).all()
    assert main(['cut-out', *words, str(tmp_path / 'mask.png'), '--positive', '7,5', '--strip', 'strip.webm']) == 1
    assert 'strip.webm: a picture ends in .png or .jpg' in capsys.readouterr().err
    assert main(['cut-out', *words, str(tmp_path / 'mask.jpg'), '--positive', '70,50']) == 1
    assert main(['cut-out', *words, str(tmp_path / 'mask.png'), '--positive', '70;50']) == 1
    error = capsys.readouterr().err
    assert 'a mask is a .png' in error and "'70;50' is not 2 numbers" in error


def test_what_is_impossible_says_so(rigid, tmp_path):
    image = picture()
    with pytest.raises(ValueError, match='knows motion up to 8'):
        rigid.flow(image, [(16, 16, 9, 0)])
    with pytest.raises(ValueError, match='outside of a picture of 96 x 64'):
        rigid.flow(image, [(96, 16, 1, 0)])
    with pytest.raises(ValueError, match='0 frames are no video'):
        rigid.frames(image, [(1, 1, 1, 1)], 0)
    with pytest.raises(ValueError, match='shares of the motion from 0 to 1'):
        rigid.cut_out(image, [(1, 1)], threshold=2)
    with pytest.raises(ValueError, match='nothing is clicked'):
        rigid.cut_out(image, [])
    with pytest.raises(ValueError, match='takes no guidance'):
        GuidedMotion('mmwsl::selfsup/rotation/rotation_r18w16_1xb32-cos-5e_digitscenes.py', 'random')
    with pytest.raises(ValueError, match='ends in .mp4 or .gif'):
        animate(tmp_path / 'a.png', [(1, 1, 1, 1)], tmp_path / 'a.avi', CMP, 'random')
    with pytest.raises(ValueError, match='0 frames a second are impossible'):
        animate(tmp_path / 'a.png', [(1, 1, 1, 1)], tmp_path / 'a.gif', CMP, 'random', rate=0)
    (tmp_path / 'torn.png').write_bytes(b'\x89PNG')
    with pytest.raises(ImageError, match='torn.png cannot be decoded'):
        cut_out(tmp_path / 'torn.png', [(1, 1)], tmp_path / 'm.png', CMP, 'random')
