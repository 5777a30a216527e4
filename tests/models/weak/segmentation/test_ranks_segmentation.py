from rank_invariance import check_two_ranks

SYNC = dict(type='SyncBN')


def backbone(**settings):
    return dict(type='ResNet', depth=18, base_channels=4, stem='cifar', strides=(1, 2, 1, 1), norm_cfg=SYNC, **settings)


METHODS = dict(
    seam=dict(
        type='SEAM', backbone=backbone(out_indices=(1, 2, 4)), scale=0.5, _views=(16,),
        head=dict(type='SEAMHead', num_classes=3, shallow_channels=(4, 4), correlation_channels=8, dropout=0.0)),
    edam=dict(
        type='EDAM', backbone=backbone(out_indices=(4,)), _views=(16,),
        head=dict(type='EDAMHead', num_classes=3, embed_channels=8, feedforward_channels=8, dropout=0.0,
                  position_size=(4, 4))),
    cosa=dict(
        type='CoSA', backbone=backbone(out_indices=(3, 4)), warmup=0, momentum=0.9, assignment_scales=(1.0, 0.5),
        head=dict(type='TwoMapHead', num_classes=3, decoder=dict(type='LargeFOVHead', channels=8, dilations=(1, 1))),
        thresholds=dict(num_components=2, length=3, momentum=0.5), reliability=dict(alpha=0.8),
        regularization_weight=0.0, separation_weight=0.1),
    toco=dict(
        type='ToCo', backbone=backbone(out_indices=(3, 4)), warmup=0, momentum=0.9, assignment_scales=(1.0, 0.5),
        head=dict(type='TwoMapHead', num_classes=3, decoder=dict(type='LargeFOVHead', channels=8, dilations=(1, 1))),
        projector=dict(type='MLPNeck', hidden_channels=8, out_channels=4, norm_cfg=None), crops=6, crop_size=8,
        low=0.4, high=0.6, regularization_weight=0.0, _views=(16,), _draws=True),
    one_stage=dict(
        type='OneStage', backbone=backbone(out_indices=(1, 4)), warmup=0, least=0.0, refiner=dict(dilations=(1, 2)),
        head=dict(type='OneStageHead', num_classes=3, channels=8, low_channels=4, dilations=(1, 2), dropout=0.0),
        _views=(16,), _draws=True),
    afa=dict(
        type='AFA', warmup=0, spread_from=0, assignment_scales=(1.0, 1.5), radius=2, low=0.4, high=0.6, _views=(16,),
        backbone=dict(
            type='MixTransformer', embed_dims=(4, 4, 4, 8), depths=(1, 1, 1, 1), num_heads=(1, 1, 1, 2),
            strides=(2, 2, 1, 1), reductions=(2, 2, 1, 1), drop_path_rate=0.0),
        head=dict(type='AFAHead', num_classes=3, decoder=dict(
            type='SegFormerHead', channels=8, dropout=0.0, norm_cfg=SYNC)), refiner=dict(dilations=(1, 2)),
        _no_gradient=[f'head.decoder.projections.{level}.bias' for level in range(4)]),  # a norm takes them out
    vit_pcm=dict(
        type='ViTPCM', backbone=backbone(out_indices=(4,)), _views=(16,), _draws=True,
        head=dict(type='PatchClassifier', num_classes=3, dropout=0.0)))


def test_two_ranks_equal_one(tmp_path):
    check_two_ranks(METHODS, tmp_path)
