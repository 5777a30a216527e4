# FCN from masks of a tenth of the images, the others' pixels labelled by its moving average where that is sure of them.
_base_ = '../mean_teacher/mean_teacher_r18w16_1xb32-cos-12e_shapes.py'
model = dict(confidence=0.95)
