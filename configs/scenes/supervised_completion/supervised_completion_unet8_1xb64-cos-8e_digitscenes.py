# The ceiling of methods of scenes: the same network, data and length as PCNet-M's, told what is hidden.
_base_ = '../pcnet_m/pcnet_m_unet8_1xb64-cos-8e_digitscenes.py'

model = dict(type='SupervisedCompletion', shape_threshold=0.5)
train_dataloader = dict(dataset=dict(amodal=True))
