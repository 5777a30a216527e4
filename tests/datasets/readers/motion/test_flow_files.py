"""Flow in files: round trips, the bytes of the formats, real pairs, and files that are no flow."""

import struct

import cv2
import numpy as np
import pytest

from mmwsl.datasets import FlowError, read_flow, read_image, write_flow
from mmwsl.evaluation.functional import end_point_error, flow_outliers
from mmwsl.flow import estimate_flow, inside, warp


def field(height=12, width=17):
    return np.random.default_rng(0).uniform(-20, 20, (height, width, 2)).astype(np.float32)


@pytest.mark.parametrize(('name', 'tolerance'), [('a.flo', 0), ('a.png', 1 / 128)])
def test_what_is_written_is_read(tmp_path, name, tolerance):
    flow = field()
    flow[2, 3] = flow[5, 6, 1] = np.nan
    write_flow(tmp_path / name, flow)
    found = read_flow(tmp_path / name)
    unknown = np.isnan(flow).any(-1)
    assert found.dtype == np.float32 and (np.isnan(found).all(-1) == unknown).all() and unknown.sum() == 2
    assert np.abs(found - flow)[~unknown].max() <= tolerance


def test_a_pair_of_jpegs_keeps_smooth_flow(tmp_path):
    """A 255th of 100 pixels is 0.4; JPEG adds about as much."""
    flow = np.stack(np.meshgrid(np.linspace(-40, 40, 48), np.linspace(-30, 60, 32)), -1).astype(np.float32)
    write_flow(tmp_path / 'a.jpg', flow)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['a_x.jpg', 'a_y.jpg']
    assert np.abs(read_flow(tmp_path / 'a.jpg') - flow.clip(-50, 50)).max() < 1.5
    for axis, value in (('x', 204), ('y', 51)):
        cv2.imwrite(str(tmp_path / f'b_{axis}.jpg'), np.full((16, 16), value, np.uint8))
    np.testing.assert_allclose(read_flow(tmp_path / 'b.jpg')[3, 3], (204 / 255 * 100 - 50, 51 / 255 * 100 - 50), atol=1e-4)
    with pytest.raises(ValueError, match='JPEGs cannot say'):
        write_flow(tmp_path / 'c.jpg', np.full((4, 4, 2), np.nan))


def test_the_bytes_of_the_formats(tmp_path):
    """As their authors describe them: PIEH, width, height, floats; R = 64 dx + 2^15, G the same of dy, B = known."""
    (tmp_path / 'a.flo').write_bytes(b'PIEH' + struct.pack('<ii', 2, 1) + struct.pack('<4f', 1, 2, 3, -4))
    assert read_flow(tmp_path / 'a.flo').tolist() == [[[1, 2], [3, -4]]]
    bgr = np.array([[[1, 2**15 - 128, 2**15 + 64], [0, 0, 0]]], np.uint16)
    cv2.imwrite(str(tmp_path / 'a.png'), bgr)
    found = read_flow(tmp_path / 'a.png')
    assert found[0, 0].tolist() == [1, -2] and np.isnan(found[0, 1]).all()


def test_files_that_are_no_flow_say_so(tmp_path):
    (tmp_path / 'empty.flo').write_bytes(b'')
    write_flow(tmp_path / 'cut.flo', field())
    (tmp_path / 'cut.flo').write_bytes((tmp_path / 'cut.flo').read_bytes()[:-5])
    cv2.imwrite(str(tmp_path / 'eight.png'), np.zeros((4, 4, 3), np.uint8))
    (tmp_path / 'torn.png').write_bytes(b'\x89PNG')
    for name, message in (('empty.flo', 'does not begin with PIEH'), ('cut.flo', 'cut off or corrupt'),
                          ('eight.png', 'of 16 bits'), ('torn.png', 'cannot be decoded')):
        with pytest.raises(FlowError, match=message):
            read_flow(tmp_path / name)
    with pytest.raises(FileNotFoundError, match='mmwsl flow'):
        read_flow(tmp_path / 'none.flo')
    with pytest.raises(ValueError, match='must end in .flo'):
        read_flow(tmp_path / 'a.npy')
    with pytest.raises(ValueError, match=r'is \(H, W, 2\)'):
        write_flow(tmp_path / 'a.flo', np.zeros((3, 3)))


PAIRS = {'rubberwhale': ('middlebury_rubberwhale/{}', 'frame10.png', 'frame11.png', 'flow10.flo', 0.35, 0.01),
         'kitti': ('kitti_pair/{}', 'frame1.png', 'frame2.png', 'flow_gt.png', 45, 0.6),  # motion of up to 184 pixels
         'chairs0': ('flyingchairs_pairs/{}', '0img0.ppm', '0img1.ppm', '0flow.flo', 6, 0.3),
         'chairs1': ('flyingchairs_pairs/{}', '1img0.ppm', '1img1.ppm', '1flow.flo', 6, 0.3)}


@pytest.mark.slow
@pytest.mark.parametrize('name', PAIRS)
def test_estimated_flow_of_real_pairs(video_root, name):
    """Its end-point error and outliers, and that the true flow explains the second frame better than no motion."""
    place, first, second, truth, error, outliers = PAIRS[name]
    first, second = (read_image(video_root / 'flow_pairs' / place.format(each)) for each in (first, second))
    true = read_flow(video_root / 'flow_pairs' / place.format(truth))
    flow = estimate_flow(first, second)
    assert end_point_error(flow, true) < error and flow_outliers(flow, true) < outliers
    counted = inside(np.nan_to_num(true)) & np.isfinite(true).all(-1)
    for each in (flow, true):
        warped = np.abs(warp(second, each).astype(float) - first)[counted].mean()
        assert warped < np.abs(second.astype(float) - first)[counted].mean()
