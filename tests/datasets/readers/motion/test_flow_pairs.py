"""Images with flow files: transforms that move both, guidance, and lists and files that cannot be used."""

import json

import cv2
import numpy as np
import pytest

from mmwsl.datasets import FlowError, FlowFrames, FlowPairs, MotionClips, write_flow
from mmwsl.datasets.collate import collate_batch


@pytest.fixture
def pairs(tmp_path):
    """Three images of 40 x 30 with flow that differs from pixel to pixel."""
    rows = []
    for number in range(3):
        rng = np.random.default_rng(number)
        cv2.imwrite(str(tmp_path / f'{number}.png'), rng.integers(0, 256, (30, 40, 3), np.uint8))
        flow = rng.uniform(-3, 3, (30, 40, 2)).astype(np.float32)
        flow[:, 20:] += (6, 0)
        write_flow(tmp_path / f'{number}.flo', flow)
        rows.append(dict(image=f'{number}.png', flow=f'{number}.flo'))
    return write_list(tmp_path, rows)


def write_list(folder, rows):
    (folder / 'pairs.jsonl').write_text(''.join(json.dumps(row) + '\n' for row in rows))
    return folder / 'pairs.jsonl'


def flow_of(item):
    return item['data_samples'].flow


def test_a_flip_negates_x_and_moves_with_the_image(pairs):
    plain, flipped = FlowPairs(pairs)[0], FlowPairs(pairs, pipeline=[dict(type='RandomFlip', prob=1.0)])[0]
    assert (flipped['inputs'] == plain['inputs'].flip(-1)).all()
    assert (flow_of(flipped)[0] == -flow_of(plain)[0].flip(-1)).all()
    assert (flow_of(flipped)[1] == flow_of(plain)[1].flip(-1)).all()


def test_a_resize_scales_and_a_crop_is_the_same_part_of_both(pairs):
    plain = FlowPairs(pairs)[1]
    half = FlowPairs(pairs, pipeline=[dict(type='ResizeShortEdge', short=15)])[1]
    expected = flow_of(plain).unflatten(1, (15, 2)).unflatten(3, (20, 2)).mean((2, 4)) / 2
    np.testing.assert_allclose(flow_of(half).numpy(), expected.numpy(), atol=1e-5)
    data = FlowPairs(pairs, pipeline=[dict(type='RandomCropFlow', size=16)])
    crops = set()
    for epoch in range(4):
        data.set_epoch(epoch)
        item = data[1]
        found = [(y, x) for y in range(15) for x in range(25)
                 if (plain['inputs'][:, y:y + 16, x:x + 16] == item['inputs']).all()]
        (y, x), = found
        assert (flow_of(plain)[:, y:y + 16, x:x + 16] == flow_of(item)).all()
        crops.add((y, x))
    assert len(crops) > 1


def test_guidance_is_the_flow_at_its_points(pairs):
    data = FlowPairs(pairs, pipeline=[dict(type='RandomCropFlow', size=24),
                                      dict(type='FlowGuidance', stride=8, kernel=5, most=(2, 6))])
    counts = set()
    for epoch in range(6):
        data.set_epoch(epoch)
        batch = collate_batch([data[0], data[1]])
        guidance, flow = batch['data_samples'].guidance, batch['data_samples'].flow
        told = guidance[:, 2:]
        assert guidance.shape == (2, 3, 24, 24) and (guidance[:, :2] == told * flow).all()
        counts |= set(told.sum((1, 2, 3)).int().tolist())
    assert counts <= {2, 3, 4, 5, 6} and len(counts) > 1


def test_masks_come_as_what_moves(pairs):
    folder = pairs.parent
    mask = np.zeros((30, 40), np.uint8)
    mask[:10], mask[10:20] = 1, 255
    cv2.imwrite(str(folder / 'mask.png'), mask)
    write_list(folder, [dict(image='0.png', flow='0.flo', mask='mask.png')])
    item = FlowPairs(pairs, pipeline=[dict(type='RandomFlip', prob=1.0)])[0]
    assert (item['data_samples'].moving.numpy() == mask[:, ::-1]).all()


def test_what_cannot_be_used_says_what_and_where(pairs):
    folder = pairs.parent
    with pytest.raises(FileNotFoundError, match='mmwsl flow CLIPS'):
        FlowPairs(folder / 'none.jsonl')
    with pytest.raises(ValueError, match='ResizeCenterCrop would not move the flow'):
        FlowPairs(pairs, pipeline=[dict(type='ResizeCenterCrop', resize=20, crop=16)])
    with pytest.raises(ValueError, match='less than size=31'):
        FlowPairs(pairs, pipeline=[dict(type='RandomCropFlow', size=31)])[0]
    with pytest.raises(ValueError, match='kernel=4 odd'):
        FlowPairs(pairs, pipeline=[dict(type='FlowGuidance', stride=8, kernel=4)])
    write_flow(folder / '1.flo', np.zeros((30, 41, 2)))
    with pytest.raises(FlowError, match=r'1.flo is of 41 x 30 pixels, its image .*1.png of 40 x 30'):
        FlowPairs(pairs)[1]
    (folder / '2.flo').unlink()
    with pytest.raises(FileNotFoundError, match='2.flo does not exist'):
        FlowPairs(pairs)[2]
    write_list(folder, [dict(image='0.png')])
    with pytest.raises(ValueError, match='line 1 of .* must have "image" and "flow"'):
        FlowPairs(pairs)
    pairs.write_text('{')
    with pytest.raises(ValueError, match='line 1 of .* is no JSON'):
        FlowPairs(pairs)
    pairs.write_text('')
    with pytest.raises(ValueError, match='has no lines'):
        FlowPairs(pairs)


def test_frames_of_clips_have_flow_in_memory():
    clips = MotionClips(kind='colored', num_clips=3, clip_length=3, supervision='full')
    data = FlowFrames(clips, method='true', truth=True, guidance=dict(stride=32, kernel=9))
    batch = data.__getitems__([0, 1, 5])
    samples = batch['data_samples']
    assert len(data) == 6 and batch['inputs'].shape == (3, 3, 64, 64)
    assert (samples.flow == samples.gt_flow).all() and (samples.gt_flow[2] == clips[2]['data_samples'].gt_flow[1]).all()
    assert (samples.guidance[:, :2] == samples.guidance[:, 2:] * samples.flow).all()
    assert set(data[4]['data_samples'].keys()) == {'index', 'flow', 'guidance', 'gt_flow', 'gt_mask'}


def test_estimated_flow_is_near_the_true_one_and_no_label_is_read():
    settings = dict(kind='colored', num_clips=8, speed=(0.04, 0.06))
    data = FlowFrames(MotionClips(**settings), moving=True, consensus_settings=dict(pieces=100))
    truth = FlowFrames(MotionClips(**settings, supervision='full'), method='true', truth=True)
    inner = truth.parts > 0
    error = (data.flows - truth.flows).norm(dim=1)[inner].mean()
    assert error < 0.5 * truth.flows.norm(dim=1)[inner].mean()
    assert data.labels is None and set(data.moving.unique().tolist()) == {0, 1, 255}


def test_clips_that_are_none_are_refused():
    with pytest.raises(ValueError, match='gives no gt_flow'):
        FlowFrames(MotionClips(num_clips=1), method='true')
    with pytest.raises(ValueError, match='set clip_length'):
        FlowFrames(dict(type='Shapes', num_images=1))
