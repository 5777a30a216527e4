# FCN from the masks of all images: the ceiling of what fewer or weaker labels give.
_base_ = '../few_masks/few_masks_r18w16_1xb32-cos-12e_shapes.py'
train_dataloader = dict(dataset=dict(labelled=1.0))
