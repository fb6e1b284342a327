using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Messages;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Reading;

namespace Orleans.Tbptt.Training.Models;

/// <summary>
/// Computes blocks of forecasts with one model: the outputs and hidden states of a series have the same bits whatever block its rows come
/// in and wherever they are cut, as with <see cref="SequencePredictor"/>.
/// </summary>
/// <remarks>Thread-safe: each block has a predictor of its own, which is kept for the next one.</remarks>
public sealed class BlockForecaster : IDisposable
{
    /// <summary>Series that are computed next to each other, at most: as many rows as keep products efficient.</summary>
    public const int Lanes = 32;

    private const int Chunk = 256;

    private readonly ConcurrentBag<SequencePredictor> _idle = [];
    private readonly RunSpec _spec;
    private readonly DataShape _shape;
    private readonly GradientBuffer _parameters;
    private volatile bool _isDisposed;

    private BlockForecaster(RunSpec spec, ForecastModel model)
    {
        (_spec, Hash, _parameters) = (spec, model.Hash, model.Parameters);
        _shape = new(model.Inputs, model.Vocabulary, model.Targets, model.TargetClasses)
        {
            IsMasked = true, Categories = [.. model.Classes.Select(classes => new CategoryShape("", classes))],
        };
    }

    /// <summary>The model's hash.</summary>
    public string Hash { get; }

    /// <summary>Bytes of its parameters.</summary>
    public long Bytes => (long)_parameters.Length * sizeof(float);

    /// <summary>A package as the model that blocks are computed with.</summary>
    /// <param name="package">The model.</param>
    /// <param name="shape">The shape of the rows that it forecasts from.</param>
    public static ForecastModel ModelOf(ModelPackage package, DataShape shape)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(shape);
        var model = new ForecastModel
        {
            Hash = "", Spec = package.Config.Spec, Inputs = shape.InputFeatures, Vocabulary = shape.Vocabulary,
            Targets = shape.TargetFeatures, TargetClasses = shape.Classes,
            Classes = [.. shape.Categories.Select(column => column.Classes)],
            Parameters = GradientBuffer.Wrap(MemoryMarshal.AsMemory(package.Parameters)),
        };
        return model with { Hash = HashOf(model) };
    }

    /// <summary>Loads a model.</summary>
    /// <param name="model">The model; its parameters are kept.</param>
    /// <param name="reader">Reads its spec.</param>
    /// <exception cref="ModelPackageException">It is damaged, or this program cannot read its spec.</exception>
    public static BlockForecaster Load(ForecastModel model, SpecReader reader)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(reader);
        if (HashOf(model) is var found && found != model.Hash)
            throw new ModelPackageException($"found a model with SHA-256 {found}, expected {model.Hash}; send it again");
        var document = reader.Parse(new(model.Spec, "spec", Path.GetFullPath("/")), filesMustExist: false);
        var spec = document.Spec ?? throw new ModelPackageException(
            $"found a spec that cannot be read here ({document.Problems[0]}), expected one of the choices of this program; "
            + "use the version that trained the model");
        int expected = ParameterLayout.Of(spec.Model).Length;
        return model.Parameters.Length == expected ? new(spec, model)
            : throw new ModelPackageException($"found {model.Parameters.Length} parameters, expected {expected}; export the model again");
    }

    /// <summary>Computes a block.</summary>
    /// <param name="block">The block.</param>
    /// <exception cref="ArgumentException">Its parts do not belong together.</exception>
    public ForecastReply Compute(ForecastBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        var predictor = _idle.TryTake(out var idle) ? idle : new(_spec, _shape, _parameters.Span);
        try
        {
            var rows = new BlockRows(_shape, block);
            int states = checked(rows.Count * predictor.HiddenLength);
            if (block.Hidden.Length != states)
                throw new ArgumentException($"found {block.Hidden.Length} values of hidden state, expected {states}", nameof(block));
            int width = _spec.Model.OutputSize!.Value;
            var outputs = GradientBuffer.Rent(checked(rows.Rows * width));
            var hidden = GradientBuffer.Rent(states);
            block.Hidden.Span.CopyTo(hidden.Span);
            predictor.Run(
                rows, Lanes, Chunk, hidden.Span,
                (slice, some) => some.CopyTo(outputs.Span[((rows.First(slice.Sequence) + slice.Start) * width)..]));
            return new() { Outputs = outputs, Hidden = hidden };
        }
        finally
        {
            _idle.Add(predictor);
            if (_isDisposed)
                Dispose();
        }
    }

    /// <summary>Frees the predictors; those of blocks that are being computed when these are done.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        while (_idle.TryTake(out var predictor))
            predictor.Dispose();
    }

    private static string HashOf(ForecastModel model)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(
            new object[] { model.Spec, model.Inputs, model.Vocabulary, model.Targets, model.TargetClasses, model.Classes })));
        hash.AppendData(MemoryMarshal.AsBytes(model.Parameters.Span));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The rows of a block as sequences, without targets.</summary>
    private sealed class BlockRows : ISequenceSet
    {
        private readonly DataShape _shape;
        private readonly ForecastBlock _block;
        private readonly int[] _first;

        public BlockRows(DataShape shape, ForecastBlock block)
        {
            (_shape, _block, _first) = (shape, block, new int[block.Lengths.Count]);
            for (int i = 0; i < _first.Length; i++)
            {
                if (block.Lengths[i] < 1)
                    throw new ArgumentException($"found a series of {block.Lengths[i]} rows, expected 1 or more", nameof(block));
                (_first[i], Rows) = (Rows, checked(Rows + block.Lengths[i]));
            }

            long values = (long)Rows * shape.InputFeatures, codes = (long)Rows * shape.Codes * sizeof(long);
            if ((block.Values.Length, block.Codes.Length) != (values, codes))
            {
                throw new ArgumentException(
                    $"found {block.Values.Length} values and {block.Codes.Length} bytes of codes, expected {values} and {codes}",
                    nameof(block));
            }
        }

        /// <summary>Rows of all series.</summary>
        public int Rows { get; }

        public int Count => _first.Length;

        public int Length(int sequence) => _block.Lengths[sequence];

        /// <summary>The first row of a series.</summary>
        public int First(int sequence) => _first[sequence];

        public void ReadInputs(SequenceSlice slice, Span<float> destination) =>
            Of(_block.Values.Span, slice, _shape.InputFeatures).CopyTo(destination);

        public void ReadInputs(SequenceSlice slice, Span<long> destination) =>
            Of(MemoryMarshal.Cast<byte, long>(_block.Codes), slice, _shape.Codes).CopyTo(destination);

        public void ReadTargets(SequenceSlice slice, Span<float> destination) => destination.Fill(float.NaN);

        public void ReadTargets(SequenceSlice slice, Span<long> destination) => destination.Fill(DataShape.MaskedClass);

        private ReadOnlySpan<T> Of<T>(ReadOnlySpan<T> rows, SequenceSlice slice, int width) =>
            rows.Slice((_first[slice.Sequence] + slice.Start) * width, slice.Length * width);
    }
}
