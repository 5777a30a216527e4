"""Scenes as bags of patches: which patch is where, which are true, and attention painted back."""

import cv2
import numpy as np
import pytest
import torch

from mmwsl.cli import main
from mmwsl.datasets import DigitScenes, SceneBags, collate_bags
from mmwsl.datasets.synthetic.scene_bags import cut_patches, patches_with
from mmwsl.visualization import paint_attention, patch_boxes

SCENES = dict(digit_scale=(0.2, 0.28), background='plain')


def test_patches_by_hand():
    image = torch.arange(24).view(1, 4, 6)
    patches = cut_patches(image, (2, 3))
    assert patches.shape == (6, 1, 2, 2)
    assert patches[0, 0].tolist() == [[0, 1], [6, 7]] and patches[4, 0].tolist() == [[14, 15], [20, 21]]
    assert torch.equal(cut_patches(torch.stack([image, image + 100]), (2, 3))[1], patches + 100)


def test_true_patches_by_hand():
    masks = torch.zeros(2, 4, 4, dtype=torch.bool)
    masks[0, 0:2, 0:3] = True  # four pixels in the first patch, two in the second
    assert patches_with(masks[:1], (2, 2), 0.25).tolist() == [True, True, False, False]
    assert patches_with(masks[:1], (2, 2), 0.34).tolist() == [True, False, False, False]
    assert patches_with(masks[1:], (2, 2), 0.25).tolist() == [False] * 4  # nothing of it is seen
    masks[1, 3, 3] = True
    assert patches_with(masks, (2, 2), 0.34).tolist() == [True, False, False, True]
    assert patches_with(masks[:0], (2, 2), 0.25).tolist() == [False] * 4


def test_bags_are_the_scenes():
    data = SceneBags(num_bags=12, supervision='full', **SCENES)
    scenes = DigitScenes(num_scenes=240, size=112, objects=(2, 3), supervision='full', **SCENES)
    images = torch.stack([scenes[number]['inputs'] for number in range(60)])
    for number in range(12):
        item = data[number]
        truth = item['data_samples']
        assert item['inputs'].shape == (16, 3, 28, 28) and truth.gt_label.item() == number % 2
        assert truth.gt_instance_labels.any().item() == bool(number % 2) and truth.gt_instance_labels.sum() <= 8
        scene, = torch.nonzero((images == data.images[number]).all((1, 2, 3)))[:, 0].tolist()
        digits = scenes[scene]['data_samples']
        assert (digits.gt_box_labels == 9).any().item() == bool(number % 2)
        for x1, y1, x2, y2 in patch_boxes((4, 4), (112, 112))[truth.gt_instance_labels.numpy()]:
            assert digits.gt_instance_masks[digits.gt_box_labels == 9, y1:y2, x1:x2].any()
    assert 'gt_instance_labels' not in SceneBags(num_bags=2, **SCENES)[0]['data_samples']
    batch = collate_bags([data[number] for number in range(3)])
    assert batch['inputs'].shape == (3, 16, 3, 28, 28) and batch['data_samples'].bag_mask.all()
    for wrong in (dict(num_bags=1), dict(grid=5), dict(target=10), dict(min_share=0), dict(min_share=0.3),
                  dict(supervision='boxes')):
        with pytest.raises(ValueError, match='SceneBags'):
            SceneBags(**wrong)
    with pytest.raises(ValueError, match='of the 20 needed are of one kind.*change objects'):
        SceneBags(num_bags=40, objects=(60, 60), digit_scale=(0.1, 0.1))


def test_attention_painted_by_hand():
    painted = paint_attention([1, 2, 3, 4, 5, 6], (2, 3), (4, 9))
    assert painted.tolist() == [[1, 1, 1, 2, 2, 2, 3, 3, 3]] * 2 + [[4, 4, 4, 5, 5, 5, 6, 6, 6]] * 2
    assert patch_boxes((2, 3), (4, 9))[[1, 3]].tolist() == [[3, 0, 6, 2], [0, 2, 3, 4]]
    image = torch.arange(36).view(1, 4, 9)  # a patch's box is where the patch was cut
    for patch, (x1, y1, x2, y2) in zip(cut_patches(image, (2, 3)), patch_boxes((2, 3), (4, 9)), strict=True):
        assert torch.equal(patch, image[:, y1:y2, x1:x2])
    with pytest.raises(ValueError, match='one a patch'):
        paint_attention([1, 2], (2, 3), (4, 9))
    with pytest.raises(ValueError, match='does not divide'):
        paint_attention(np.ones(6), (2, 3), (5, 9))


def test_a_picture_of_bags(tmp_path, capsys):
    config = tmp_path / 'bags.py'
    config.write_text("""
_base_ = 'mmwsl::weaksup/mil/attention_mil/attention_mil_bagencoder_1xb10-const-15e_scenebags.py'
test_dataloader = dict(dataset=dict(num_bags=6))
""")
    plain = tmp_path / 'plain.py'
    plain.write_text("_base_ = 'mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'\n")
    out = str(tmp_path / 'out' / 'bags.png')
    assert main(['overlays', '--of', 'untrained', str(config), 'random', '--out', out, '--count', '2']) == 0
    picture = cv2.imread(out)
    assert picture.shape == (440, 400, 3)
    blue, green, red = picture[:, :200].astype(int).transpose(2, 0, 1)  # the first column has true patches alone
    assert ((green > 130) & (green > 2 * blue) & (green > 2 * red)).any() and picture[:, 200:].std() > 20
    arguments = ['overlays', '--of', 'bags', str(config), 'random', '--of', 'images', str(plain), 'random', '--out', out]
    assert main(arguments) == 1 and 'do not stand in one picture' in capsys.readouterr().err
