"""Methods of time: questions and losses against loops, what is refused, that they learn, resume and ranks."""

import copy
import itertools

import numpy as np
import pytest
import torch
from rank_invariance import BATCH, check_two_ranks
from tiny_runs import check_resume

from mmwsl.models.pretext import OddOneOut, TemporalOrder
from mmwsl.models.pretext.time.frames import frame_choices, take_frames
from mmwsl.models.pretext.time.odd_one_out import dynamic_weights, encode_clips, fuse
from mmwsl.models.pretext.time.temporal_order import orders
from mmwsl.models.pretext.time.triplets import triplet_losses
from mmwsl.registry import DATASETS, MODELS
from mmwsl.structures import DataSample

BACKBONE = dict(type='ResNet', depth=18, base_channels=2, strides=(1, 1, 1, 1), out_indices=(4,))
SMALL = dict(
    verify=dict(type='TemporalOrder', backbone=BACKBONE, length=8, span=2, head=dict(
        type='ClassificationHead', num_classes=2)),
    sort=dict(type='TemporalOrder', backbone=BACKBONE, length=8, task='sort', frames=3, head=dict(
        type='ClassificationHead', num_classes=3)),
    odd=dict(type='OddOneOut', backbone=dict(BACKBONE, in_channels=9), length=8, questions=4, frames=4, head=dict(
        type='ClassificationHead', num_classes=4)),
    triplets=dict(type='SiameseTriplets', backbone=BACKBONE, neck=dict(
        type='MLPNeck', in_channels=16, out_channels=6, num_layers=1)))


def build(name, **settings):
    torch.manual_seed(0)
    return MODELS.build(dict(copy.deepcopy(SMALL[name]), **settings))


def numbered(batch=64, length=8, side=16):
    """Clips whose pixels say which frame they are of."""
    return torch.arange(length).float().view(1, -1, 1, 1, 1).expand(batch, length, 3, side, side).clone()


def test_choices_against_loops():
    expected = [each for each in itertools.combinations(range(8), 5)
                if each[1] - each[0] >= 2 and each[4] - each[3] >= 2 and each[3] - each[1] >= 3]
    assert frame_choices(8, 5, (2, 1, 1, 2), (1, 3, 3)).tolist() == [list(each) for each in expected]
    assert frame_choices(5, 2, 3).tolist() == [[0, 3], [0, 4], [1, 4]]
    with pytest.raises(ValueError, match='too short for 5 frames'):
        frame_choices(4, 5)
    with pytest.raises(ValueError, match='fewer frames'):
        frame_choices(100, 5)


def test_frames_are_taken_from_their_own_clips():
    clips = numbered(2) + torch.tensor([0., 100.]).view(2, 1, 1, 1, 1)
    taken = take_frames(clips, torch.tensor([[[0, 3]], [[7, 1]]]))
    assert taken.shape == (2, 1, 2, 3, 16, 16) and taken[..., 0, 0, 0].tolist() == [[[0, 3]], [[107, 101]]]


def test_questions_of_shuffle_and_learn():
    torch.manual_seed(0)
    model = build('verify', gap=2, length=10)
    numbers, right = model.questions(numbered(4000, 10, 2))
    first, middle, last = numbers[..., 0, 0, 0].unbind(1)
    low, high = torch.minimum(first, last), torch.maximum(first, last)
    between = (middle > low) & (middle < high)
    assert (between == (right == 1)).all() and (high - low).min() == 2
    outside = torch.maximum(low - middle, middle - high)[right == 0]
    assert outside.min() == 2 and ((middle < low).float().mean() - 0.375).abs() < 0.03
    assert abs(right.float().mean().item() - 0.25) < 0.03 and abs((first > last).float().mean().item() - 0.5) < 0.03


def test_an_order_and_its_reverse_are_one():
    permutations, classes = orders(4)
    assert classes.bincount().tolist() == [2] * 12
    for order, number in zip(permutations.tolist(), classes.tolist(), strict=True):
        assert classes[permutations.tolist().index(order[::-1])] == number
    model = build('sort')
    numbers, answers = model.questions(numbered(200))
    ranks = numbers[..., 0, 0, 0].argsort(1).argsort(1)  # place of each frame in time
    # of three frames, the class says which is in the middle
    assert len({(int(a), int(b)) for a, b in zip(answers, ranks[:, 1], strict=True)}) == 3


def test_odd_one_alone_is_not_in_order():
    model = build('odd', stride=1)
    questions, odd = model.questions(numbered(300))
    steps = questions[..., 0, 0, 0].diff(dim=2)
    in_order = (steps == 1).all(2)
    assert (in_order == (torch.arange(4) != odd[:, None])).all() and odd.bincount().min() > 50


def test_encodings_and_fusion_against_loops():
    torch.manual_seed(0)
    clips = torch.randn(2, 5, 4, 3, 2, 2)
    assert dynamic_weights(4).tolist() == [-3, -1, 1, 3]
    for b, q in itertools.product(range(2), range(5)):
        frames = list(clips[b, q])
        stack = torch.cat([after - before for before, after in itertools.pairwise(frames)])
        dynamic = sum((2 * t - 4 - 1) * frame for t, frame in enumerate(frames, 1)) / 4
        torch.testing.assert_close(encode_clips(clips, 'stack')[b, q], stack)
        torch.testing.assert_close(encode_clips(clips, 'dynamic')[b, q], dynamic)
        torch.testing.assert_close(encode_clips(clips, 'sum')[b, q], frames[3] - frames[0])
    features = torch.randn(2, 5, 3)
    slow = sum(features[:, j] - features[:, i] for i in range(5) for j in range(i + 1, 5))
    torch.testing.assert_close(fuse(features, 'sum'), slow)
    assert fuse(features, 'concat').shape == (2, 15)


def test_triplets_against_loops():
    generator = np.random.default_rng(0)
    query, tracked, others = (torch.nn.functional.normalize(torch.tensor(generator.normal(size=(n, 3)))) for n in (2, 2, 4))
    losses = triplet_losses(query, tracked, others, 0.5)
    for b, n in itertools.product(range(2), range(4)):
        q, t, other = (each.numpy() for each in (query[b], tracked[b], others[n]))
        own = 1 - q @ t
        slow = max(0, own - (1 - q @ other) + 0.5) + max(0, own - (1 - t @ other) + 0.5)
        assert losses[b, n].item() == pytest.approx(slow)


def test_negatives_are_of_other_clips_and_become_hard():
    model = build('triplets', negatives=4, hard_after=0.5)
    losses = torch.arange(12.).repeat(3, 1)
    allowed = torch.ones(3, 12, dtype=torch.bool)
    allowed[:, 11] = False
    weights = model.choose(losses, allowed)
    assert weights.sum(1).tolist() == [4, 4, 4] and (weights[:, 11] == 0).all() and not model.hard
    model.after_optimizer_step(0.49)
    assert not model.hard
    model.after_optimizer_step(0.5)
    weights = model.choose(losses, allowed)
    assert model.hard and weights.sum(1).tolist() == [4, 4, 4] and (weights[:, 9:11] >= 1).all()
    assert 'hard' in model.state_dict()  # so that a resumed training goes on with them


def test_the_neck_of_triplets_may_see_the_whole_map():
    model = build('triplets', grid=2, neck=dict(type='MLPNeck', in_channels=64, out_channels=6, num_layers=1)).eval()
    images = torch.randn(2, 3, 64, 64)
    maps = model.backbone(images)[-1]
    assert maps.shape[1:] == (16, 16, 16)
    cells = maps.reshape(2, 16, 2, 8, 2, 8).mean((3, 5)).flatten(1)
    torch.testing.assert_close(model.embed(images), torch.nn.functional.normalize(model.neck(cells)))


def test_loss_of_triplets_is_the_mean_of_what_was_chosen():
    model = build('triplets', negatives=2).eval()
    views = [torch.randn(4, 3, 16, 16) for _ in range(2)]
    samples = DataSample(clip=torch.tensor([0, 0, 1, 1]))
    torch.manual_seed(1)
    loss = model(views, samples, mode='loss')['loss']
    query, tracked = model.embed(torch.cat(views)).chunk(2)
    # each pair has two patches of the other clip, and both are taken
    slow = sum(triplet_losses(query[b:b + 1], tracked[b:b + 1], tracked[[2, 3] if b < 2 else [0, 1]], 0.5).sum()
               for b in range(4)) / (2 * 2 * 4)
    assert loss.item() == pytest.approx(slow.item(), rel=1e-5)


@pytest.mark.parametrize(('name', 'settings', 'message'), [
    ('verify', dict(task='guess'), 'task'), ('verify', dict(length=4), 'too short'),
    ('verify', dict(head=dict(type='ClassificationHead', num_classes=3)), 'must be 2'),
    ('odd', dict(length=3), 'too short'), ('odd', dict(encoding='flow'), 'encoding'),
    ('odd', dict(frames=2), 'from 3 to 8'), ('odd', dict(questions=5), 'must be 5'),
    ('triplets', dict(negatives=3), 'even'), ('triplets', dict(hard_after=2), 'share')])
def test_what_is_refused(name, settings, message):
    with pytest.raises(ValueError, match=message):
        build(name, **settings)


def test_features_of_clips():
    model = build('odd').eval()
    clips = torch.randn(2, 9, 3, 16, 16)
    found = model(clips, None, mode='predict')
    expected = model.backbone(torch.cat(list(clips[:, :4].diff(dim=1).unbind(1)), dim=1))[0].mean((2, 3))
    torch.testing.assert_close(torch.stack([each.pred_features for each in found]), expected)
    with pytest.raises(ValueError, match='no still images'):
        model(clips[:, 0], None, mode='predict')


def test_clips_of_another_length_are_refused():
    with pytest.raises(ValueError, match='set clip_length=8'):
        build('verify')([numbered(2, 6)], None, mode='loss')
    with pytest.raises(ValueError, match='TrackedPatches'):
        build('triplets')([torch.randn(2, 3, 16, 16)] * 2, None, mode='loss')


def accuracy_after(name, kind, steps=150, length=8, **settings):
    """Accuracy of questions about clips of the other split, in eval mode."""
    torch.set_num_threads(1)
    model = build(name, length=length, **settings)
    clips = {split: DATASETS.build(dict(
        type='MotionClips', kind=kind, split=split, num_clips=count, size=32, clip_length=length,
        speed=(0.06, 0.1), in_memory=True)).images
        for split, count in (('train', 400), ('test', 100))}
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    rng = torch.Generator().manual_seed(0)
    for _ in range(steps):
        batch = clips['train'][torch.randint(400, (24,), generator=rng)].float() / 64 - 2
        loss = model(batch, None, mode='loss')['loss']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        return float(np.mean([model(clips['test'].float() / 64 - 2, None, mode='loss')['accuracy'].item()
                              for _ in range(4)]))


SEEING = dict(BACKBONE, base_channels=4, out_indices=(3,))


@pytest.mark.long
@pytest.mark.parametrize(('kind', 'low', 'high'), [('accelerating', 80, 100), ('static', 35, 65)])
def test_order_is_learnt_where_there_is_one(kind, low, high):
    neck = dict(type='MLPNeck', in_channels=3 * 16 * 16, hidden_channels=128, out_channels=64)
    found = accuracy_after('verify', kind, 400, length=9, gap=2, span=4, positive_share=0.5, grid=4, backbone=SEEING,
                           neck=neck)
    assert low < found <= high


@pytest.mark.long
@pytest.mark.parametrize(('kind', 'low', 'high'), [('accelerating', 60, 100), ('static', 10, 40)])
def test_the_odd_one_is_found_where_there_is_one(kind, low, high):
    """A quarter by chance."""
    neck = dict(type='MLPNeck', in_channels=16 * 4, hidden_channels=64, out_channels=64)
    found = accuracy_after('odd', kind, 200, grid=2, backbone=dict(SEEING, in_channels=9), neck=neck)
    assert low < found <= high


@MODELS.register_module()
class RolledOrder(TemporalOrder):
    """Sees clips of one image that moves to the right."""

    def loss(self, views, data_samples=None):
        return super().loss(torch.stack([views[0].roll(number, 3) for number in range(8)], dim=1))


@MODELS.register_module()
class RolledOddOne(OddOneOut):
    """The same."""

    def loss(self, views, data_samples=None):
        return super().loss(torch.stack([views[0].roll(number, 3) for number in range(8)], dim=1))


def fields():
    return dict(clip=torch.arange(BATCH) // 2)


def test_two_ranks_equal_one(tmp_path):
    norm, common = dict(type='SyncBN'), dict(_draws=True, _views=(16,))
    sync = dict(BACKBONE, norm_cfg=norm)
    check_two_ranks(dict(
        triplets=dict(SMALL['triplets'], backbone=sync, _draws=True, _fields=fields),
        order=dict(SMALL['verify'], type='RolledOrder', backbone=sync, **common),
        odd=dict(SMALL['odd'], type='RolledOddOne', backbone=dict(sync, in_channels=9), **common)), tmp_path)


TINY = """
_base_ = 'mmwsl::selfsup/{config}.py'
train_dataloader = dict(batch_size=8, dataset=dict({data}))
optim_wrapper = dict(dtype='float32')
train_cfg = dict(max_epochs=2)
auto_scale_lr = dict(base_batch_size=8)
default_hooks = dict(logger=dict(interval=3))
"""


@pytest.mark.long
@pytest.mark.parametrize(('config', 'data', 'changed'), [
    ('temporal_order/temporal_order_r18w8_1xb32-cos-8e_motionclips', 'num_clips=80, size=32', []),
    ('odd_one_out/odd_one_out_r18w8_1xb16-cos-10e_motionclips', 'num_clips=80, size=32', []),
    ('landmark_generation/landmark_generation_conv8_1xb32-cos-20e_motionclips', 'num_clips=80', ['running']),
    ('geometry_aware/geometry_aware_r18w16_1xb32-cos-10e_multiviewfigures', 'num_moments=14, people=2, cameras=3, '
     'size=32, max_images=80', [])])
def test_resume(config, data, changed, tmp_path):
    """Questions and running means of a resumed run are those of an uninterrupted one."""
    check_resume(tmp_path, TINY.format(config=config, data=data), changed)


@pytest.mark.long
def test_resume_keeps_hard_negatives(tmp_path):
    """Half of 120 clips or so give pairs; the run is resumed after the negatives have become hard."""
    config = 'siamese_triplets/siamese_triplets_r18w8_1xb50-cos-60e_motionclips'
    text = TINY.format(config=config, data='max_images=80, clips=dict(num_clips=160, clip_length=4)')
    check_resume(tmp_path, text + "model = dict(hard_after=0.2)\n")
