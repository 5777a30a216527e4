"""THUMOS14's layout from small files, synthetic sequences, and what a localiser and its metric make of them."""

import numpy as np
import pytest
import torch

from mmwsl.apis import evaluate, load_config, train
from mmwsl.datasets import THUMOS14, SyntheticSequences, collate_sequences, mean_feature
from mmwsl.datasets.temporal import read_features, read_segments, read_video_labels
from mmwsl.evaluation.metrics import TemporalMetric
from mmwsl.models.weak import TemporalLocalizer
from mmwsl.structures import DataSample


@pytest.fixture
def root(tmp_path):
    """Three videos of 20, 30 and 10 steps at 10 a second; the third has two classes."""
    (tmp_path / 'features').mkdir()
    (tmp_path / 'annotation').mkdir()
    for number, (name, length) in enumerate((('v1', 20), ('v2', 30), ('v3', 10)), start=1):
        np.save(tmp_path / 'features' / f'{name}.npy', np.full((length, 4), number, dtype=np.float16))
    (tmp_path / 'annotation' / 'Diving_val.txt').write_text('v1  0.5 1.0\nv1  1.2\t2.0\nv3 0.0 0.4\n\n')
    (tmp_path / 'annotation' / 'Billiards_val.txt').write_text('v2 1.0 2.5\nv3 0.5 0.9\n')
    (tmp_path / 'annotation' / 'Ambiguous_val.txt').write_text('v2 2.6 2.9\nv9 1 2\n')
    (tmp_path / 'annotation' / 'Diving_test.txt').write_text('w 0 1\n')
    return tmp_path


def videos(root, **settings):
    return THUMOS14(**{'feature_root': root / 'features', 'annotation_root': root / 'annotation', 'rate': 10, **settings})


def test_videos_to_train_on_have_one_class(root, monkeypatch):
    log = []
    monkeypatch.setattr('mmwsl.datasets.temporal.print_log', lambda message, **_: log.append(message))
    data = videos(root)
    assert data.videos == ['v1', 'v2'] and data.metainfo == dict(classes=['Billiards', 'Diving'])
    assert '1 of 3 videos have several classes and are left out' in log[0]
    item = data[0]
    assert item['inputs'].shape == (20, 4) and item['inputs'].dtype == torch.float32
    assert item['data_samples'].gt_label.item() == 1 and 'gt_segments' not in item['data_samples']
    assert mean_feature(data).tolist() == pytest.approx([(20 * 1 + 30 * 2) / 50] * 4)  # each step counts, not each video


def test_videos_to_test_on_keep_every_segment(root):
    data = videos(root, supervision='full')
    assert data.videos == ['v1', 'v2', 'v3']
    samples = [data[index]['data_samples'] for index in range(3)]
    assert samples[0].gt_segments.numpy() == pytest.approx(np.array([[0.5, 1.0], [1.2, 2.0]]))
    assert samples[2].gt_segment_labels.tolist() == [0, 1] and samples[2].gt_label.tolist() == [1, 1]
    assert samples[0].gt_label.tolist() == [0, 1]
    assert samples[1].gt_ignored_segments.numpy() == pytest.approx(np.array([[2.6, 2.9]]))
    assert samples[0].gt_ignored_segments.shape == (0, 2)


def test_a_list_of_labels_adds_videos_without_segments(root):
    np.savez(root / 'features' / 'v4.npz', features=np.zeros((5, 4)))
    (root / 'labels.txt').write_text('v4 Archery\nv3 Diving\nv2 Billiards\n')
    data = videos(root, label_file=root / 'labels.txt')
    assert data.classes == ['Archery', 'Billiards', 'Diving'] and data.videos == ['v1', 'v2', 'v3', 'v4']
    assert [data[index]['data_samples'].gt_label.item() for index in range(4)] == [2, 1, 2, 0]  # v3 is Diving alone
    tested = videos(root, label_file=root / 'labels.txt', supervision='full')
    assert tested.videos == ['v1', 'v2', 'v3'] and tested.classes == data.classes
    (root / 'labels.txt').write_text('v4 Archery\nv3 Diving\n')
    with pytest.raises(ValueError, match='has no video of Billiards'):
        videos(root, label_file=root / 'labels.txt')


@pytest.mark.parametrize('text, message', [
    ('v1 0.5', 'line 1.*is not `video start end`'), ('v1 a 2\n', 'is not `video start end`'),
    ('\nv1 2.0 1.0\n', 'line 2: the segment from 2.0 to 1.0'), ('v1 0 nan\n', 'the segment'), ('v1 -1 1\n', 'the segment')])
def test_annotations_that_are_none(tmp_path, text, message):
    (tmp_path / 'x.txt').write_text(text)
    with pytest.raises(ValueError, match=message):
        read_segments(tmp_path / 'x.txt')
    with pytest.raises(FileNotFoundError, match='does not exist'):
        read_segments(tmp_path / 'absent.txt')


def test_label_lists_that_are_none(tmp_path):
    for text, message in (('v1\n', 'v1 has no class'), ('v1 A\nv1 B\n', 'line 2: v1 comes a second time'), ('\n', 'no videos')):
        (tmp_path / 'labels.txt').write_text(text)
        with pytest.raises(ValueError, match=message):
            read_video_labels(tmp_path / 'labels.txt')


def test_features_that_are_none(root):
    path = root / 'features' / 'v1.npy'
    for array, message in ((np.zeros(4), r'shape \(4,\)'), (np.zeros((0, 4)), r'shape \(0, 4\)'), (np.array([['a']]), '<U1'),
                           (np.zeros((3, 5)), '4 channels, those of v1 5'), (np.full((20, 4), np.nan), 'not finite')):
        np.save(path, array)
        with pytest.raises(ValueError, match=message):
            videos(root)[0]
    for content in (b'', b'\x93NUMPY cut'):
        path.write_bytes(content)
        with pytest.raises(ValueError, match='v1.npy cannot be read'):
            videos(root)
    np.savez(root / 'two.npz', a=np.zeros((2, 2)), b=np.zeros((2, 2)))
    with pytest.raises(ValueError, match='it holds 2 arrays'):
        read_features(root / 'two.npz')


def test_layouts_that_are_none(root):
    with pytest.raises(ValueError, match='set rate to the features per second'):
        videos(root, rate=100)
    with pytest.raises(FileNotFoundError, match='1 of 1 videos have no features, the first is w'):
        videos(root, split='test')
    with pytest.raises(FileNotFoundError, match='no CLASS_val.txt'):
        videos(root, annotation_root=root / 'features')
    (root / 'features' / 'v1.npy').unlink()
    with pytest.raises(FileNotFoundError, match="on_error='skip' leaves them out"):
        videos(root)
    assert videos(root, on_error='skip').videos == ['v2']
    for wrong in (dict(rate=0), dict(split='train'), dict(supervision='boxes')):
        with pytest.raises(ValueError, match='THUMOS14'):
            videos(root, **wrong)


def test_sequences_are_what_they_say():
    data = SyntheticSequences(num_sequences=200, noise=0.0, supervision='full')
    for index in range(200):
        features, sample = data[index]['inputs'], data[index]['data_samples']
        (start, end), = (sample.gt_segments * 10).round().int().tolist()
        label = sample.gt_label.item()
        weak = features @ torch.tensor(data.weak[label], dtype=torch.float32) / 1.5
        strong = features @ torch.tensor(data.strong[label], dtype=torch.float32) / 4
        assert end - start == 15 and torch.allclose(weak[start:end], torch.tensor(1.5), atol=1e-4)
        assert (strong > 3.9).sum() == 3 and (strong[start:end] > 3.9).sum() == 3
        assert features[:start].abs().sum() + features[end:].abs().sum() == 0
        assert 60 <= len(features) <= 100 and sample.gt_segment_labels.tolist() == [label]
    assert torch.equal(data[3]['inputs'], SyntheticSequences(num_sequences=4, noise=0.0)[3]['inputs'])
    assert len(SyntheticSequences('test', noise=0.0)[3]['inputs']) != len(data[3]['inputs'])
    assert (SyntheticSequences('test').weak == data.weak).all() and 'gt_segments' not in SyntheticSequences()[0]['data_samples']
    assert {data[index]['data_samples'].gt_label.item() for index in range(50)} == set(range(5))
    for wrong in (dict(channels=9), dict(lengths=(10, 20)), dict(lengths=(30, 20)), dict(num_sequences=0), dict(split='x'),
                  dict(supervision='boxes')):
        with pytest.raises(ValueError, match='SyntheticSequences|split='):
            SyntheticSequences(**wrong)


def test_a_padded_batch_equals_one_sequence_at_a_time():
    data = SyntheticSequences(num_sequences=6, supervision='full')
    torch.manual_seed(0)
    model = TemporalLocalizer(32, 5, channels=8, segments=0).eval()
    items = [data[index] for index in range(6)]
    together, = model(**collate_sequences(items), mode='predict')
    assert len(set(together.lengths.tolist())) > 1
    assert torch.equal(together.gt_segments[2], items[2]['data_samples'].gt_segments)
    losses = []
    for row, item in enumerate(items):
        single, = model(**collate_sequences([item]), mode='predict')
        length = together.lengths[row]
        assert torch.allclose(single.pred_scores[0], together.pred_scores[row], atol=1e-6)
        assert torch.allclose(single.pred_maps[0], together.pred_maps[row, :, :length], atol=1e-6)
        losses.append(model(**collate_sequences([item]), mode='loss')['loss'])
    assert model(**collate_sequences(items), mode='loss')['loss'].item() == pytest.approx(
        torch.stack(losses).mean().item(), abs=1e-6)


def batch(**changes):
    """Two videos of classes 0 and 1 at two steps a second; the second has one more segment, and padding that shouts."""
    maps = torch.zeros(2, 2, 8)
    maps[0, 0, 2:6] = 1  # seconds 1 to 3
    maps[0, 1] = 9  # a class that the video does not have
    maps[1, 1, 0:2] = 1  # seconds 0 to 1
    maps[1, 1, 6:] = 9  # beyond its end
    return DataSample(**{**dict(
        index=torch.arange(2), lengths=torch.tensor([8, 6]), rate=torch.tensor([2.0, 2.0]),
        pred_scores=torch.tensor([[1.0, 0.0], [1.0, 0.0]]), pred_maps=maps,
        gt_segments=[torch.tensor([[1.0, 3.0]]), torch.tensor([[0.0, 2.5], [2.5, 3.0]])],
        gt_segment_labels=[torch.tensor([0]), torch.tensor([1, 1])],
        gt_ignored_segments=[torch.zeros(0, 2), torch.zeros(0, 2)]), **changes}).to_dict()


def test_figures_by_hand():
    metric = TemporalMetric()
    metric.process(None, [batch()])
    # class 0 is found exactly; of class 1, one of two segments with an IoU of 1 / 2.5 = 0.4, which is not above 0.4
    assert metric.evaluate(2) == {'temporal/mAP_0.1': 75, 'temporal/mAP_0.2': 75, 'temporal/mAP_0.3': 75,
                                  'temporal/mAP_0.4': 50, 'temporal/mAP_0.5': 50, 'temporal/accuracy': 50}
    # a wrong detection before the right one halves the precision, unless it lies where it is not clear what is seen
    maps = batch()['pred_maps'].clone()
    maps[0, 0, 7] = 2
    maps[0, 0, 2:6] = 1.5
    metric = TemporalMetric(ious=(0.5,))
    metric.process(None, [batch(pred_maps=maps)])
    assert metric.evaluate(2)['temporal/mAP_0.5'] == 25
    metric.process(None, [batch(pred_maps=maps, gt_ignored_segments=[torch.tensor([[3.6, 9.0]]), torch.zeros(0, 2)])])
    assert metric.evaluate(2)['temporal/mAP_0.5'] == 50
    with pytest.raises(ValueError, match="set supervision='full'"):
        metric.process(None, [{key: value for key, value in batch().items() if key != 'gt_segments'}])


def test_trained_and_scored_from_the_config(tmp_path):
    name = 'hide_and_seek_video_seq32_1xb50-const-40e_syntheticsequences'
    few = {'train_cfg.max_epochs': 2, 'train_dataloader.dataset.num_sequences': 60, 'default_hooks.checkpoint.interval': 2}
    config = load_config(f'mmwsl::weaksup/temporal/hide_and_seek_video/{name}.py', few)
    train(config, work_dir=str(tmp_path))
    state = torch.load(tmp_path / 'epoch_2.pth', weights_only=True)['state_dict']
    assert torch.allclose(state['fill'], mean_feature(SyntheticSequences(num_sequences=60)))
    assert state['fill'].abs().max() > 0.05  # not the zeros it is built with
    figures = evaluate(load_config(str(tmp_path / f'{name}.py')), str(tmp_path / 'epoch_2.pth'))
    assert set(figures) == {f'temporal/{each}' for each in (
        'mAP_0.1', 'mAP_0.2', 'mAP_0.3', 'mAP_0.4', 'mAP_0.5', 'accuracy')}
    assert all(0 <= figure <= 100 for figure in figures.values())
    few['model.in_channels'] = 16
    with pytest.raises(ValueError, match='32 channels, the model is made for 16'):
        train(load_config(f'mmwsl::weaksup/temporal/hide_and_seek_video/{name}.py', few), work_dir=str(tmp_path / 'other'))
