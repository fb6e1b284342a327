using System.Runtime.CompilerServices;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Fused;

/// <summary>
/// Normalisation of rows over their columns, as <c>torch.nn.LayerNorm</c>: x̂ = (x − mean) / √(variance + 1e-5), y = x̂ · weight +
/// bias. Means are sums in a fixed order in double precision.
/// </summary>
internal sealed unsafe class LayerNorm : IDisposable
{
    /// <summary>Added to a variance.</summary>
    public const double Epsilon = 1e-5;

    private readonly ParameterSlot _weight;
    private readonly ParameterSlot _bias;
    private readonly int _columns;
    private readonly Rows _parameters;
    private readonly Rows _normal;
    private readonly Rows _products;
    private float[] _scales = [];

    public LayerNorm(ParameterLayout layout, int layer)
    {
        _weight = layout.Slots.Single(slot => slot.Name == $"norm.weight_l{layer}");
        _bias = layout.Slots.Single(slot => slot.Name == $"norm.bias_l{layer}");
        _columns = _weight.Length;
        (_parameters, _normal, _products) = (new(_columns), new(_columns), new(_columns));
        _parameters.Reserve(2);
        _products.Reserve(1);
    }

    /// <summary>Loads the parameters.</summary>
    public void Load(float* parameters)
    {
        new ReadOnlySpan<float>(parameters + _weight.Offset, _columns).CopyTo(_parameters.Span(0));
        new ReadOnlySpan<float>(parameters + _bias.Offset, _columns).CopyTo(_parameters.Span(1));
    }

    /// <summary>Makes room for so many rows.</summary>
    public void Reserve(int rows)
    {
        _normal.Reserve(rows);
        if (_scales.Length < rows)
            _scales = new float[rows];
    }

    /// <summary>Normalises some rows.</summary>
    public void Forward(float* from, int stride, Rows to, int first, int rows)
    {
        for (int row = first; row < first + rows; row++)
        {
            float* values = from + (long)row * stride;
            float mean = (float)(FixedSum.Of(new ReadOnlySpan<float>(values, _columns)) / _columns);
            Elementwise.Run(new Centre(values, mean, _normal[row], _products[0]), _columns);
            float scale = _scales[row] = (float)(1 / Math.Sqrt((FixedSum.Of(_products.Span(0)) / _columns) + Epsilon));
            Elementwise.Run(new Scale(_normal[row], scale, _parameters[0], _parameters[1], to[row]), _columns);
        }
    }

    /// <summary>
    /// Makes the gradient of what <see cref="Forward"/> gave that of what it got, in its place, of some rows; sums those of the parameters
    /// over these.
    /// </summary>
    public void Backward(Rows outputGradient, GradientRows rows, float* gradient)
    {
        float* weight = gradient + _weight.Offset, bias = gradient + _bias.Offset;
        if (rows.Sums == RowSums.Ascending)
        {
            new Span<float>(weight, _columns).Clear();
            new Span<float>(bias, _columns).Clear();
        }

        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[rows.Sums == RowSums.Ascending ? i : rows.Count - 1 - i];
            float* own = outputGradient[row], products = _products[0];
            Elementwise.Run(new AddTo(own, bias), _columns);
            Elementwise.Run(new ToNormal(own, _normal[row], _parameters[0], weight, products), _columns);
            float mean = (float)(FixedSum.Of(outputGradient.Span(row)) / _columns);
            float slope = (float)(FixedSum.Of(_products.Span(0)) / _columns);
            Elementwise.Run(new ToInput(own, _normal[row], mean, slope, _scales[row]), _columns);
        }
    }

    public void Dispose()
    {
        foreach (var rows in (Rows[])[_parameters, _normal, _products])
            rows.Dispose();
    }

    /// <summary>The differences from the mean, and their squares.</summary>
    private readonly struct Centre(float* values, float mean, float* differences, float* squares) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            var difference = T.Load(values + at) - T.Of(mean);
            T.Store(difference, differences + at);
            T.Store(difference * difference, squares + at);
        }
    }

    private readonly struct Scale(float* normal, float scale, float* weight, float* bias, float* to) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            var value = T.Load(normal + at) * T.Of(scale);
            T.Store(value, normal + at);
            T.Store(T.MultiplyAdd(value, T.Load(weight + at), T.Load(bias + at)), to + at);
        }
    }

    /// <summary>The gradient of x̂, in the place of that of y, its product with x̂, and the gradient of the weight.</summary>
    private readonly struct ToNormal(float* own, float* normal, float* weight, float* weightGradient, float* products) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            T dy = T.Load(own + at), x = T.Load(normal + at);
            T.Store(T.MultiplyAdd(dy, x, T.Load(weightGradient + at)), weightGradient + at);
            var dx = dy * T.Load(weight + at);
            T.Store(dx, own + at);
            T.Store(dx * x, products + at);
        }
    }

    private readonly struct ToInput(float* own, float* normal, float mean, float slope, float scale) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T> => T.Store(
            T.MultiplyAdd(-T.Load(normal + at), T.Of(slope), T.Load(own + at) - T.Of(mean)) * T.Of(scale), own + at);
    }
}
