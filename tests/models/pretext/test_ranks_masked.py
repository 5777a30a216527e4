"""Two ranks with half of the batch are one rank with all of it, for masked image modelling."""

from rank_invariance import check_two_ranks

VIT = dict(type='VisionTransformer', embed_dims=16, depth=1, num_heads=2, image_size=16, patch_size=4)
SWIN = dict(type='SwinTransformer', embed_dims=8, depths=(2, 1), num_heads=(1, 2), window_size=4, patch_size=2)

METHODS = dict(
    # An average over masked patches is one over images only because every image hides as many.
    mae=dict(type='MAE', backbone=dict(VIT, position='sincos', init='xavier', drop_path_rate=0.2), _draws=True,
             decoder=dict(embed_dims=16, depth=1, num_heads=2), _views=(16,)),
    simmim_swin=dict(type='SimMIM', backbone=SWIN, cell_size=4, _draws=True, _views=(16,)),
    simmim_vit=dict(type='SimMIM', backbone=dict(VIT, out_type='map'), cell_size=4, _draws=True, _views=(16,)),
)


def test_two_ranks_equal_one(tmp_path):
    check_two_ranks(METHODS, tmp_path)
