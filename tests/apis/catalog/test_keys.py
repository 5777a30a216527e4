import pytest
from torch import nn

from mmwsl.apis import load_config
from mmwsl.apis.catalog.keys import DICTS, READ, check_options, nearest
from mmwsl.registry import accepted_arguments

ROTATION = 'mmwsl::selfsup/rotation/rotation_r18w16_1xb32-cos-5e_digitscenes.py'


def test_what_is_read():
    assert {'model', 'train_dataloader', 'randomness', 'resume', 'benchmark', 'runs', 'epochs'} <= READ
    assert 'self' not in READ and DICTS <= READ


@pytest.mark.parametrize('option, near', [
    ('trian_dataloader.batch_size', 'nothing reads trian_dataloader; did you mean train_dataloader.batch_size?'),
    ('optim_wraper.x', 'did you mean optim_wrapper.x?'), ('randomnes.seed', 'did you mean randomness.seed?'), ('epoch', 'did you mean epochs?'),
    ('train_dataloader.batch_sise', 'train_dataloader has no batch_sise; did you mean train_dataloader.batch_size?'),
    ('randomness.sead', 'did you mean randomness.seed?'), ('model.backbone.dept', 'ResNet has no dept; did you mean model.backbone.depth?'),
    ('train_cfg.max_epoch', 'did you mean train_cfg.max_epochs?'), ('optim_wrapper.optimizer.momentun', 'SGD has no momentun; did you mean'),
    ('param_scheduler.0.start_facter', 'LinearLR has no start_facter; did you mean param_scheduler.0.start_factor?')])
def test_misspelt_options(option, near):
    with pytest.raises(ValueError, match='option ') as raised:
        load_config(ROTATION, {option: 1})
    assert str(raised.value).startswith(f'option {option}: ') and near in str(raised.value)


def test_other_options_are_variables_or_their_class_judges():
    options = {'data_root2': 'x', 'mine.deep.key': 1, 'lr': 0.1, 'runs2': [1], 'model.backbone.out_indices': (3, ),
               'default_hooks.checkpoint.priority': 'LOW', 'train_dataloader.num_workers': 0, 'param_scheduler.0.begin': 0,
               'model.unheard_of': 1, 'custom_hooks': [dict(type='EMAHook')]}
    cfg = load_config(ROTATION, options)
    assert (cfg.data_root2, cfg.mine.deep.key, cfg.model.backbone.out_indices, cfg.model.unheard_of) == ('x', 1, (3, ), 1)
    assert options['runs2'] == [1]  # the caller's stays


def test_a_class_that_is_chosen_by_the_same_options_is_the_one_that_is_asked():
    options = {'model.type': 'SimCLR', 'model.temperature': 0.1}
    before, after = dict(model=dict(type='Rotation')), dict(model=dict(type='SimCLR', temperature=0.1))
    assert check_options(before, after, options) is None
    with pytest.raises(ValueError, match=r'SimCLR has no temperatur; did you mean model\.temperature\?'):
        check_options(before, dict(model=dict(type='SimCLR', temperatur=0.1)), {'model.temperatur': 0.1})


@pytest.mark.parametrize('line, near', [
    ('train_dataloder = dict(batch_size=3)', 'nothing reads train_dataloder; did you mean train_dataloader?'),
    ('custom_hook = [dict(type="EMAHook")]', 'did you mean custom_hooks?'),
    ('train_dataloader = dict(num_worker=3)', 'train_dataloader has no num_worker; did you mean num_workers?')])
def test_misspelt_keys_of_a_file(tmp_path, line, near):
    path = tmp_path / 'mine.py'
    path.write_text(f"_base_ = '{ROTATION}'\n{line}\n")
    with pytest.raises(ValueError) as raised:
        load_config(path)
    assert str(raised.value).startswith(f'{path}: ') and near in str(raised.value)


def test_variables_of_a_file(tmp_path):
    """Those that are used again, that begin with _, or that differ in a digit; a text is nothing that is read as a dict."""
    path = tmp_path / 'mine.py'
    path.write_text(f"_base_ = '{ROTATION}'\n_train_dataloder = dict(a=1)\ntrain_dataloaders = dict(batch_size=3)\n"
                    "train_dataloader = train_dataloaders\noptim_wrapper2 = dict(a=1)\nmodell = 'x'\n")
    cfg = load_config(path)
    assert (cfg.train_dataloader.batch_size, cfg.optim_wrapper2.a, cfg.modell) == (3, 1, 'x')


def test_nearest():
    assert nearest('rezume', READ, 0.8) == 'resume' and nearest('lr', READ, 0.8) is None
    assert nearest('crop2', ['crop1'], 0.5) is None


def test_accepted_arguments():
    class Base:
        def __init__(self, base):
            pass

    class Middle(Base):
        pass

    class Own(Middle):
        def __init__(self, own, *, named=3, **kwargs):
            super().__init__(**kwargs)

    class Open:
        def __init__(self, own, **kwargs):
            pass

    assert accepted_arguments(Own) == {'own', 'named', 'base'} and accepted_arguments(Base) == {'base'}
    assert accepted_arguments(Open) is None and accepted_arguments(nn.Linear) == {'in_features', 'out_features', 'bias', 'device', 'dtype'}
    assert accepted_arguments(lambda a, b=1: 0) == {'a', 'b'} and accepted_arguments(lambda **kwargs: 0) is None
