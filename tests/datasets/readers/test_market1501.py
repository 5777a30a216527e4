"""Persons by several cameras: folders, identities, cameras, and how they are asked for."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from mmwsl.datasets import Market1501, collate_batch
from mmwsl.models.preprocessors import ViewPreprocessor
from mmwsl.protocols import FeatureSource, extract_features
from mmwsl.protocols.retrieval import Retrieval

FILES = dict(
    bounding_box_train=['0002_c1s1_000451_03.jpg', '0002_c2s1_000301_01.jpg', '0007_c3s3_077419_03.jpg'],
    query=['0001_c1s1_001051_00.jpg', '0003_c2s1_000000_00.jpg'],
    bounding_box_test=['-1_c1s1_000401_03.jpg', '0000_c1s1_000151_01.jpg', '0001_c1s1_001051_01.jpg',
                       '0001_c2s1_007976_01.jpg', '0003_c6s3_000000_00.jpg'])
GREYS = {1: 60, 3: 120, 0: 180}  # by which the toy network tells people


@pytest.fixture
def root(tmp_path):
    for folder, names in FILES.items():
        (tmp_path / folder).mkdir()
        for name in names:
            grey = GREYS.get(int(name.split('_')[0]), 0)
            Image.fromarray(np.full((20, 10, 3), grey, np.uint8)).save(tmp_path / folder / name)
        (tmp_path / folder / 'Thumbs.db').write_text('no image')
    return tmp_path


def test_identities_cameras_and_queries(root):
    train, test = Market1501('train', root), Market1501('test', root)
    assert train.classes == ['0002', '0007'] and train.labels.tolist() == [0, 0, 1] and train.cameras.tolist() == [1, 2, 3]
    assert 'is_query' not in train[0]['data_samples']
    assert test.classes == ['0000', '0001', '0003'] and test.labels.tolist() == [1, 2, 0, 1, 1, 2]  # junk is left out
    assert test.cameras.tolist() == [1, 2, 1, 1, 2, 6] and test.queries.tolist() == [True, True, False, False, False, False]
    sample = collate_batch([test[1], test[5]])['data_samples']
    assert sample.camera.tolist() == [2, 6] and sample.is_query.tolist() == [True, False] and sample.gt_label.tolist() == [2, 2]
    few = Market1501('test', root, max_images=3)
    assert few.cameras.tolist() == [1, 1, 2] and few[0]['data_samples'].is_query.item()


class Grey(nn.Module):
    """Features that tell the grey of an image."""

    def __init__(self):
        super().__init__()
        self.data_preprocessor = ViewPreprocessor([0.0] * 3, [1.0] * 3)
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, inputs, data_samples=None, mode='tensor'):
        grey = inputs.mean((1, 2, 3)) / 100
        return torch.stack([grey.cos(), grey.sin()], dim=1)


def test_the_protocol_gets_cameras_and_queries(root):
    train, test = (extract_features(Grey(), Market1501(split, root), batch_size=2) for split in ('train', 'test'))
    assert test.cameras.tolist() == [1, 2, 1, 1, 2, 6] and test.queries.sum() == 2 and train.queries is None
    found = {each['metric']: each for each in Retrieval(same_camera=False).run(FeatureSource(train, test))}
    assert found['retrieval_mAP']['value'] == found['retrieval_rank1']['value'] == 100
    assert found['retrieval_mAP']['settings'] == dict(images=6, queries=2, classes=3, gallery=4, same_camera=False)


def test_what_is_refused(root):
    with pytest.raises(ValueError, match="split='val' is unknown"):
        Market1501('val', root)
    with pytest.raises(ValueError, match='in_memory=True keeps no cameras'):
        Market1501('train', root, in_memory=True)
    with pytest.raises(FileNotFoundError, match='bounding_box_train does not exist'):
        Market1501('train', root / 'elsewhere')
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(root / 'query' / 'me.jpg')
    with pytest.raises(ValueError, match='me.jpg has another name than IDENTITY_cCAMERA'):
        Market1501('test', root)
