import pytest
import torch
from tiny_runs import TINY_DATA, check_resume

from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

MODEL = dict(type='Supervised', backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'),
             head=dict(type='ClassificationHead', in_channels=32, num_classes=3))


def test_loss_is_the_cross_entropy_of_the_labels():
    torch.manual_seed(0)
    model = MODELS.build(MODEL).eval()
    images, labels = torch.randn(6, 3, 16, 16), torch.tensor([0, 1, 2, 0, 1, 2])
    result = model([images], DataSample(gt_label=labels), mode='loss')
    scores = model.head(model.features(images)).double()
    expected = -sum(scores[i].softmax(0)[labels[i]].log() for i in range(6)) / 6
    assert result['loss'].item() == pytest.approx(expected.item(), rel=1e-5)


def test_without_labels():
    with pytest.raises(ValueError, match="ImageClassifier needs labels: set supervision='image' on the training data set"):
        MODELS.build(MODEL)([torch.zeros(2, 3, 16, 16)], DataSample(index=torch.arange(2)), mode='loss')


TINY = """
_base_ = 'mmwsl::selfsup/supervised/supervised_r18w16_1xb256-cos-20e_cifar10.py'
model = dict(backbone=dict(base_channels=4), head=dict(in_channels=32))
""" + TINY_DATA + """
train_dataloader['dataset']['supervision'] = 'image'
data_preprocessor = dict(_delete_=True, type='ViewPreprocessor', mean=[128] * 3, std=[64] * 3, views=[[crop]])
"""


def test_resume(tmp_path):
    check_resume(tmp_path, TINY, changed=['head.classifier.weight'])
