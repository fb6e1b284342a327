using System.Runtime.CompilerServices;

namespace Orleans.Tbptt.Training.Fused.Simd;

/// <summary>Adds one row to another.</summary>
internal readonly unsafe struct AddTo(float* from, float* to) : IElementwise
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Do<T>(int at) where T : unmanaged, IFloats<T> => T.Store(T.Load(to + at) + T.Load(from + at), to + at);
}
