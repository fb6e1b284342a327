using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>A model that is served, with what reads its rows.</summary>
internal sealed class ServedModel
{
    /// <summary>Loads a package.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="package">The package.</param>
    /// <exception cref="Specs.SpecException">Its rows cannot be read one by one.</exception>
    public ServedModel(RunId name, ModelPackage package)
    {
        (Name, Config) = (name, package.Config);
        Encoder = Forecasting.RowsOf(package.Spec, package.Config.Contents);
        Predictor = new(package.Spec, Encoder.Shape, package.Parameters.Span);
        byte[] columns = Encoding.UTF8.GetBytes($"{string.Join('\0', Encoder.Numbers)}\n{string.Join('\0', Encoder.Texts)}");
        Columns = BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(columns));
        HiddenShape = HiddenShape.Of(package.Spec.Model);
        Version = UInt128.Parse(package.Config.Hashes.Weights.AsSpan(0, 32), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        Description = new(name, TextOf(Version), Encoder.Numbers, Encoder.Texts, Encoder.Targets, Encoder.Horizon);
    }

    /// <summary>Its name.</summary>
    public RunId Name { get; }

    /// <summary>What its package says of it.</summary>
    public ModelConfig Config { get; }

    /// <summary>Reads its rows.</summary>
    public RowEncoder Encoder { get; }

    /// <summary>Computes; for the silo's <see cref="StreamWorker"/> alone.</summary>
    public StepPredictor Predictor { get; }

    /// <summary>The first 16 bytes of the SHA-256 of its parameters.</summary>
    public UInt128 Version { get; }

    /// <summary>What its columns are called, as a hash.</summary>
    public ulong Columns { get; }

    /// <summary>The shape of a hidden state.</summary>
    public HiddenShape HiddenShape { get; }

    /// <summary>Its columns.</summary>
    public StreamColumns Description { get; }

    /// <summary>Values of a hidden state.</summary>
    public int HiddenLength => Predictor.HiddenLength;

    /// <summary>Outputs of a row.</summary>
    public int Outputs => Predictor.Outputs;

    /// <summary>A version as text.</summary>
    public static string TextOf(UInt128 version) => version.ToString("x32", CultureInfo.InvariantCulture);
}
