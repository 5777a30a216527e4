# The four steps on photos, with the random walk of IRN between the maps and the masks; pair labels by a dense CRF.
_base_ = './four_step_efficientnetlite0_voc07.py'
affinity = dict(
    method='irn',
    config='mmwsl::weaksup/segmentation/irn/irn_efficientnetlite0_1xb8-cos-8e_voc07.py',
    labels=dict(threshold=(0.1, 0.35), refiner=dict(type='dense_crf', confidence=0.7, position_std=50, color_std=5)),
    longest=320,
    masks=dict(threshold=0.25, refiner=dict(type='par')))
