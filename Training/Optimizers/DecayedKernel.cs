using System.Numerics;

namespace Orleans.Tbptt.Training.Optimizers;

/// <summary>An update whose gradient has a share of the parameter added: weight decay as L2.</summary>
/// <param name="Rule">The update.</param>
/// <param name="Decay">The share.</param>
internal readonly record struct DecayedKernel<TKernel>(TKernel Rule, Vector<float> Decay) : IUpdateKernel
    where TKernel : struct, IUpdateKernel
{
    public void Update(ref Vector<float> parameter, Vector<float> gradient, ref Vector<float> first, ref Vector<float> second) =>
        Rule.Update(ref parameter, gradient + Decay * parameter, ref first, ref second);
}
