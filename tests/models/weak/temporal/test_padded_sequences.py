"""A localizer of actions on the batches and the configs that it is trained with."""

import pytest
import torch

from mmwsl.apis import evaluate, load_config, train
from mmwsl.datasets import SyntheticSequences, collate_sequences
from mmwsl.models.weak import TemporalLocalizer


def test_a_padded_batch_equals_one_sequence_at_a_time():
    data = SyntheticSequences(num_sequences=6, supervision='full')
    torch.manual_seed(0)
    model = TemporalLocalizer(32, 5, channels=8, segments=0).eval()
    items = [data[index] for index in range(6)]
    together = model(**collate_sequences(items), mode='predict')
    assert len({each.pred_maps.shape[1] for each in together}) > 1
    losses = []
    for item, each in zip(items, together, strict=True):
        single, = model(**collate_sequences([item]), mode='predict')
        assert torch.equal(each.gt_segments, item['data_samples'].gt_segments)
        assert each.pred_maps.shape[1] == len(item['inputs'])
        assert torch.allclose(single.pred_scores, each.pred_scores, atol=1e-6)
        assert torch.allclose(single.pred_maps, each.pred_maps, atol=1e-6)
        losses.append(model(**collate_sequences([item]), mode='loss')['loss'])
    assert model(**collate_sequences(items), mode='loss')['loss'].item() == pytest.approx(
        torch.stack(losses).mean().item(), abs=1e-6)


def test_trained_and_evaluated_from_the_config(tmp_path):
    name = 'hide_and_seek_video_seq32_1xb50-const-40e_syntheticsequences'
    few = {'train_cfg.max_epochs': 2, 'train_dataloader.dataset.num_sequences': 60, 'default_hooks.checkpoint.interval': 2}
    config = load_config(f'mmwsl::weaksup/temporal/hide_and_seek_video/{name}.py', few)
    train(config, work_dir=str(tmp_path))
    state = torch.load(tmp_path / 'epoch_2.pth', weights_only=True)['state_dict']
    assert torch.allclose(state['fill'], SyntheticSequences(num_sequences=60).mean_feature())
    assert state['fill'].abs().max() > 0.05  # not the zeros it is built with
    values = evaluate(load_config(str(tmp_path / f'{name}.py')), str(tmp_path / 'epoch_2.pth'))
    assert set(values) == {f'temporal/{each}' for each in (
        'mAP_0.1', 'mAP_0.2', 'mAP_0.3', 'mAP_0.4', 'mAP_0.5', 'accuracy')}
    assert all(0 <= value <= 100 for value in values.values())
    few['model.in_channels'] = 16
    with pytest.raises(ValueError, match='32 channels, the model is made for 16'):
        train(load_config(f'mmwsl::weaksup/temporal/hide_and_seek_video/{name}.py', few), work_dir=str(tmp_path / 'other'))
