# WSDDN on the first proposals of a file, as tools/motion_proposals.py writes one of scenes: those that a network which
# learnt from motion put there. The detector is that of wsddn_...; it starts from start_....
_base_ = './wsddn_r18w16_1xb16-cos-4e_digitscenes.py'

scenes = dict(type='DigitScenes', objects=(1, 3), size=64, digit_scale=(0.35, 0.5), in_memory=True)
found = dict(
    _delete_=True, type='WithProposalsByIndex', proposals='work_dirs/motion/reranked.proposals', max_proposals=20)
train_dataloader = dict(
    dataset=dict(dataset=dict(split='train', num_scenes=320, supervision='image', **scenes), **found))
test_dataloader = dict(
    dataset=dict(dataset=dict(split='train', num_scenes=320, supervision='boxes', **scenes), **found))
train_cfg = dict(max_epochs=3)
