"""``mmwsl flow``: flow of whole sets, restart, and clips that give none."""

import cv2
import numpy as np
import pytest

from mmwsl.apis import extract_flow
from mmwsl.cli.program import main
from mmwsl.datasets import FlowPairs, MotionClips, read_flow


def write_clips(root, count=3, length=3):
    clips = MotionClips(kind='colored', num_clips=count, clip_length=length, size=64, speed=(0.04, 0.06))
    for number in range(count):
        folder = root / f'clip_{number}'
        folder.mkdir(parents=True)
        for frame, image in enumerate(clips[number]['inputs']):
            cv2.imwrite(str(folder / f'{frame:03}.png'), image.permute(1, 2, 0).numpy()[..., ::-1])
    return root


@pytest.mark.parametrize('file_format', ['flo', 'png', 'jpg'])
def test_a_set_is_written_and_read(tmp_path, file_format):
    found = extract_flow(write_clips(tmp_path / 'clips'), tmp_path / 'out', file_format=file_format, masks=True, workers=1)
    assert found['pairs'] == 6 and found['clips'] == 3 and found['left_out'] == {}
    assert found['error_warped'] < found['error_still']  # the warp explains the next frame better than no motion
    data = FlowPairs(tmp_path / 'out' / 'pairs.jsonl')
    sample = data[5]['data_samples']
    assert len(data) == 6 and sample.flow.shape == (2, 64, 64) and set(sample.moving.unique().tolist()) <= {0, 1, 255}
    assert cv2.imread(str(tmp_path / 'out' / 'flow.jpg')).shape[1] == 3 * 160


def test_the_same_command_goes_on_where_it_stopped(tmp_path, monkeypatch):
    import mmwsl.apis.motion.extract as module
    clips, out = write_clips(tmp_path / 'clips'), tmp_path / 'out'
    first = extract_flow(clips, out, workers=1)
    (out / 'flow' / 'clip_1' / '00001.flo').unlink()
    done, pairs = [], module.frame_pairs
    monkeypatch.setattr(module, 'frame_pairs', lambda clip, *rest: done.append(clip) or pairs(clip, *rest))
    assert extract_flow(clips, out, workers=1) == first
    assert [clip.rpartition('/')[2] for clip in done] == ['clip_1']
    extract_flow(clips, out, method='farneback', workers=1)
    assert len(done) == 4  # other settings, all anew


def test_flow_that_does_not_lead_back_is_not_known(tmp_path):
    extract_flow(write_clips(tmp_path / 'clips', 1), tmp_path / 'out', check=True, workers=1)
    flow = read_flow(tmp_path / 'out' / 'flow' / 'clip_0' / '00000.flo')
    assert 0 < np.isnan(flow).any(-1).mean() < 0.5


def test_clips_that_give_no_flow_are_named_and_the_others_done(tmp_path, capsys):
    clips = write_clips(tmp_path / 'clips', 1)
    (clips / 'torn.mp4').write_bytes(b'not a video')
    mixed = clips / 'mixed'
    mixed.mkdir()
    for number, side in enumerate((32, 40)):
        cv2.imwrite(str(mixed / f'{number}.png'), np.zeros((32, side, 3), np.uint8))
    (clips / 'alone').mkdir()
    cv2.imwrite(str(clips / 'alone' / '0.png'), np.zeros((32, 32, 3), np.uint8))
    video = cv2.VideoWriter(str(clips / 'one.avi'), cv2.VideoWriter.fourcc(*'MJPG'), 5, (64, 64))
    video.write(np.zeros((64, 64, 3), np.uint8))
    video.release()
    assert main(['flow', str(clips), '--out', str(tmp_path / 'out'), '--workers', '1']) == 1
    error = capsys.readouterr().err
    assert 'torn.mp4 cannot be opened' in error and '1.png' not in error
    assert 'frame 1 is of 40 x 32 pixels, the first of 32 x 32' in error
    assert 'one.avi has no two frames that are 1 apart' in error and '4 clips give no flow' in error
    assert 'alone has no two frames that are 1 apart' in error
    assert len(FlowPairs(tmp_path / 'out' / 'pairs.jsonl')) == 2


@pytest.mark.parametrize(('settings', 'message'), [
    (dict(method='raft'), 'choose one of dis'), (dict(gap=0), 'gap=0'), (dict(file_format='npy'), 'choose one of flo'),
    (dict(file_format='jpg', check=True), 'JPEGs cannot say')])
def test_impossible_settings_are_refused_before_anything_is_written(tmp_path, settings, message):
    with pytest.raises(ValueError, match=message):
        extract_flow(write_clips(tmp_path / 'clips', 1, 2), tmp_path / 'out', **settings)
    assert not (tmp_path / 'out').exists()
