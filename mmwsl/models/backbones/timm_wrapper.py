"""Any network of timm as a backbone."""

from mmengine.model import BaseModule

from mmwsl.registry import BACKBONES


@BACKBONES.register_module()
class TimmBackbone(BaseModule):
    """A network of timm without its classifier; timm must be installed.

    Args:
        model_name: as ``timm.list_models()`` names it.
        pretrained: load timm's weights for it, which it downloads.
        in_channels: of the images.
        out_indices: None for the pooled feature (B, D), as the network pools by itself; or which of its feature maps to
            return, e.g. (4,).
        settings: further arguments of ``timm.create_model`` (``img_size``, ``drop_path_rate``, ...).

    Returns of ``forward``: tuple of (B, D), or of (B, C_i, H_i, W_i). ``out_channels`` lists their channels.

    Raises:
        ImportError: timm is not installed.
    """

    def __init__(self, model_name, pretrained=False, in_channels=3, out_indices=None, init_cfg=None, **settings):
        super().__init__(init_cfg)
        try:
            import timm
        except ImportError as error:
            raise ImportError(f'TimmBackbone({model_name!r}) needs timm, which cannot be imported ({error}): '
                              'pip install timm') from error
        if out_indices is None:
            settings['num_classes'] = 0
        else:
            settings.update(features_only=True, out_indices=tuple(out_indices))
        self.pooled = out_indices is None
        self.model = timm.create_model(model_name, pretrained=pretrained, in_chans=in_channels, **settings)
        # side of the patches of tokens, for those who ask where they lie
        sides = [module.patch_size for module in self.model.modules() if type(module).__name__ == 'PatchEmbed']
        self.patch_size = sides[0][0] if sides else None
        self.out_channels = [self.model.num_features] if self.pooled else list(self.model.feature_info.channels())

    def forward(self, images):
        output = self.model(images)
        if self.pooled:
            return (output,)
        if getattr(self.model, 'output_fmt', 'NCHW') == 'NHWC':  # its Swin
            output = [level.permute(0, 3, 1, 2) for level in output]
        return tuple(output)
