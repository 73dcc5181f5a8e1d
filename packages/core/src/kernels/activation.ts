import { compiled } from './pointwise.ts';

// Comparisons with NaN are false; each body is written so that NaN is handed on.

export const relu = compiled('relu', '_y_ = _a_ <= 0 ? 0 : _a_');
export const step = compiled('step', '_y_ = _b_ <= 0 ? 0 : _a_');
export const leakyRelu = compiled('leakyRelu', '_y_ = _a_ > 0 ? _a_ : _a_ * _s_');
export const prelu = compiled('prelu', '_y_ = _a_ > 0 ? _a_ : _a_ * _b_');
// s: the slope above 0; t: the depth of the plateau below it; u: how steeply it is reached.
export const elu = compiled('elu', '_y_ = _a_ > 0 ? _a_ * _s_ : _t_ * Math.expm1(_a_ * _u_)');
export const eluSlope = compiled('eluSlope', '_y_ = _a_ > 0 ? _s_ : _t_ * _u_ * Math.exp(_a_ * _u_)');
// s: beta; t: threshold.
export const softplus = compiled('softplus', '_y_ = _a_ * _s_ > _t_ ? _a_ : Math.log1p(Math.exp(_a_ * _s_)) / _s_');
export const logsigmoid = compiled('logsigmoid', '_y_ = Math.min(_a_, 0) - Math.log1p(Math.exp(-Math.abs(_a_)))');
export const hardtanh = compiled('hardtanh', '_y_ = Math.min(Math.max(_a_, _s_), _t_)');
export const threshold = compiled('threshold', '_y_ = _a_ <= _s_ ? _t_ : _a_');
