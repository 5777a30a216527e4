"""Restoration measured: baselines by hand, records, a picture, and the script, of a generator that was not trained."""

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from mmwsl.apis import build_dataset, load_config, read_records
from mmwsl.apis.generation import measure_restoration
from mmwsl.evaluation.functional import psnr
from mmwsl.models.generative.prior import GenerativePrior, PriorStage, degrade, keep_known

CONFIG = 'mmwsl::generative/infogan/infogan_g16_1xb32-const-16e_factorscenes.py'
OPTIONS = {'model.generator.channels': 4, 'model.discriminator.channels': 4, 'test_dataloader.dataset.num_images': 9}
SETTINGS = dict(images=3, options=OPTIONS, device='cpu', candidates=3,
                stages=(PriorStage(2, 0, 0.0, 5e-2), PriorStage(2, 3, 1e-2, 2e-2)))


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


def test_values_records_and_picture(tmp_path):
    values = measure_restoration(CONFIG, 'random', tmp_path / 'records.jsonl', tmp_path / 'picture.png', seed=4, **SETTINGS)
    assert set(values) == {f'inpainting_{name}' for name in ('psnr_mean_fill', 'psnr_noise_alone', 'psnr_progressive', 'wins')} | {
        f'colorization_{name}' for name in ('psnr_gray', 'psnr_noise_alone', 'psnr_progressive', 'wins')} | {
        f'super_resolution_{name}' for name in ('psnr_bicubic', 'psnr_noise_alone', 'psnr_progressive', 'wins')}
    images = build_dataset(load_config(CONFIG, OPTIONS).test_dataloader.dataset).images[[0, 3, 6]].permute(0, 2, 3, 1).numpy()
    everywhere, hole, found = np.ones((32, 32), bool), np.zeros((32, 32), bool), []
    hole[11:21, 11:21] = True
    for image in images:
        gray = np.repeat((image @ [0.2989, 0.587, 0.114] / 0.9999)[..., None], 3, 2)
        found.append((psnr(gray, image, everywhere), psnr(np.broadcast_to(image[~hole].mean(0), image.shape), image, hole)))
    expected = np.mean(found, axis=0)
    assert values['colorization_psnr_gray'] == pytest.approx(expected[0], abs=0.05)  # whose pixels are rounded
    assert values['inpainting_psnr_mean_fill'] == pytest.approx(expected[1], abs=0.05)
    assert values['inpainting_psnr_progressive'] != values['inpainting_psnr_noise_alone']
    records = read_records(tmp_path / 'records.jsonl')
    assert {record['metric']: record['value'] for record in records} == {name: round(value, 4) for name, value in values.items()}
    record, = (each for each in records if each['metric'] == 'inpainting_psnr_progressive')
    assert (record['method'], record['dataset'], record['protocol'], record['split']) == ('infogan', 'FactorScenes', 'restoration', 'test')
    assert record['settings'].pop('standard_error') > 0 and record['settings'].pop('stages')[1]['generator_lr'] == 1e-2
    assert record['settings'] == dict(checkpoint='random', images=3, seed=4, candidates=3) and record['seconds'] > 0
    picture = cv2.imread(str(tmp_path / 'picture.png'))[..., ::-1]
    assert picture.shape == (3 * 66 + 2, 13 * 66 + 2 + 3 * 4, 3) and np.array_equal(picture[2:66:2, 2:66:2], images[0])


def test_what_is_known_is_put_back():
    image, made = ((torch.rand(1, 3, 32, 32) - 0.5) / 2 for _ in range(2))  # nothing is clipped
    hole = torch.zeros(1, 1, 32, 32, dtype=torch.bool)
    hole[..., :4, :] = True
    filled = keep_known(made, degrade(image, 'inpainting', hole), 'inpainting', hole)
    assert torch.equal(filled[..., 4:, :], image[..., 4:, :]) and torch.equal(filled[..., :4, :], made[..., :4, :])
    colored = keep_known(made, degrade(image, 'colorization'), 'colorization')
    assert torch.allclose(degrade(colored, 'colorization'), degrade(image, 'colorization'), atol=1e-5)
    assert torch.allclose(colored[:, 0] - colored[:, 1], made[:, 0] - made[:, 1], atol=1e-5)
    assert keep_known(made, image, 'super_resolution') is made


def test_a_generator_that_knows_the_image_wins(tmp_path, monkeypatch):
    """With the truth in place of a search all pixels are right, in all tasks and images."""
    monkeypatch.setattr(GenerativePrior, 'restore', lambda self, image: image)
    values = measure_restoration(CONFIG, 'random', tasks=['colorization', 'super_resolution'], **SETTINGS)
    assert values['colorization_psnr_progressive'] > 45 and values['super_resolution_psnr_progressive'] == 100
    assert values['colorization_wins'] == values['super_resolution_wins'] == 100 and len(values) == 8


def test_script(tmp_path, monkeypatch, capsys):
    path = Path(__file__).resolve().parents[3] / 'tools' / 'restoration.py'
    spec = importlib.util.spec_from_file_location('restoration_script', path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(GenerativePrior, 'restore', lambda self, image: image * 0)
    script.main([CONFIG, 'random', '--images', '1', '--tasks', 'inpainting', '--device', 'cpu', '--candidates', '1',
                 '--out', str(tmp_path / 'records.jsonl'), '--cfg-options', 'test_dataloader.dataset.num_images=2'])
    printed = dict(line.split() for line in capsys.readouterr().out.splitlines()[-4:])
    assert list(printed) == [each['metric'] for each in read_records(tmp_path / 'records.jsonl')]
    assert printed['inpainting_psnr_progressive'] == printed['inpainting_psnr_noise_alone']  # gray both


def test_what_cannot_be_measured(tmp_path):
    with pytest.raises(ValueError, match='tasks denoising cannot be measured; choose of inpainting'):
        measure_restoration(CONFIG, 'random', tasks=['denoising'])
    with pytest.raises(ValueError, match='images=0 leaves nothing'):
        measure_restoration(CONFIG, 'random', images=0)
    with pytest.raises(ValueError, match='is no picture'):
        measure_restoration(CONFIG, 'random', picture=tmp_path / 'x.txt')
    with pytest.raises(ValueError, match='generates no images'):
        measure_restoration('mmwsl::selfsup/rotation/rotation_r18w16_1xb32-cos-5e_digitscenes.py', 'random', device='cpu')
