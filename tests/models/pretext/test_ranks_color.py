"""Two ranks are one rank: methods that predict colours and pixels."""

from rank_invariance import check_two_ranks

SYNC = dict(type='SyncBN')


def backbone(**settings):
    return dict(type='ResNet', depth=18, base_channels=4, stem='cifar', norm_cfg=SYNC, **settings)


def head(out_channels, in_channels=32, channels=(8,)):
    return dict(type='DenseHead', in_channels=in_channels, out_channels=out_channels, channels=channels, norm_cfg=SYNC)


def painter(**settings):
    return dict(type='Inpainting', backbone=backbone(), head=head(3, channels=(8, 8, 4)),
                adversarial_weight=0.3, **settings)


def judge(*channels):
    return dict(type='ImageDiscriminator', channels=channels, norm_cfg=SYNC)


def first_images_grey(model, rank, size):
    """Some images of rank 0 have no colour, so that the ranks share unlike numbers of coloured ones."""
    def loss(views, data_samples=None):
        if rank == 0:
            views[0][:3] = views[0][:3].mean(1, keepdim=True)
        return own(views, data_samples)
    own, model.loss = model.loss, loss


METHODS = dict(
    colorization=dict(type='Colorization', backbone=backbone(in_channels=1), head=head(101), step=20, sigma=10.0,
                      _prepare=first_images_grey),
    split_brain=dict(type='SplitBrain', backbone=dict(type='ResNet', depth=18, base_channels=8, stem='cifar', norm_cfg=SYNC),
                     color_head=head(101), lightness_head=head(10), step=20),
    inpainting=painter(overlap=1, discriminator=judge(4)),
    inpainting_regions=painter(hole='random', discriminator=judge(4, 8), _draws=True),
)


def test_two_ranks_equal_one(tmp_path):
    """Fails if a rank's prior, number of coloured images, batch statistics or adversary is not that of all of them."""
    check_two_ranks(METHODS, tmp_path)
