"""Hide-and-Seek on folders of classes of one's own: emotions, ages, faces."""

import pytest
from photo_sets import class_folders

from mmwsl.apis import build_dataset, load_config

RECIPES = {'r18_1xb128-cos-60e_fer2013': 48, 'r18_1xb128-cos-60e_adience': 224, 'r18w16_1xb32-cos-80e_orlpeople': 64}


@pytest.mark.parametrize('method', ['resnet', 'hide_and_seek'])
@pytest.mark.parametrize('name', RECIPES)
def test_any_folder_of_classes(tmp_path, method, name):
    folder = class_folders(tmp_path / 'photos', ('calm', 'glad', 'sad'))
    cfg = load_config(f'mmwsl::classification/{method}/{method}_{name}.py', {'data': str(folder)})
    assert cfg.model.head.num_classes == 3 and cfg.test_evaluator == [dict(type='AccuracyMetric')]
    views = [step.type for step in cfg.data_preprocessor.views[0]]
    assert ('HideAndSeek' in views) == (method == 'hide_and_seek')
    train, test = (build_dataset(loader.dataset) for loader in (cfg.train_dataloader, cfg.test_dataloader))
    assert train.classes == test.classes == ['calm', 'glad', 'sad'] and len(train) + len(test) == 18
    inputs = train[0]['inputs']
    image = inputs[0] if isinstance(inputs, (list, tuple)) else inputs
    assert tuple(image.shape) == (3, RECIPES[name], RECIPES[name])
