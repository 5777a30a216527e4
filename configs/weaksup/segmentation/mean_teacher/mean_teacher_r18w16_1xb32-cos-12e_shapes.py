# FCN from masks of a tenth of the images, the others labelled softly by its moving average.
_base_ = '../few_masks/few_masks_r18w16_1xb32-cos-12e_shapes.py'
model = dict(type='MeanTeacherFCN', momentum=0.99)
