using Microsoft.Extensions.Options;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Writing;

namespace Orleans.Tbptt.Grains.Hosting;

/// <summary>
/// A spec in a message between silos: its text, as in the run's directory, so that choices need no separate form on the wire.
/// </summary>
/// <param name="yaml">What <see cref="SpecWriter"/> writes.</param>
[GenerateSerializer, Immutable, Alias("tbptt.WrittenSpec")]
internal readonly struct WrittenSpec(string yaml)
{
    /// <summary>The text.</summary>
    [Id(0)] public readonly string Yaml = yaml;
}

/// <summary>Writes and reads specs in messages.</summary>
/// <param name="options">Has the choices of the silo.</param>
[RegisterConverter]
internal sealed class SpecConverter(IOptions<TbpttGrainsOptions> options) : IConverter<RunSpec, WrittenSpec>
{
    /// <inheritdoc/>
    /// <exception cref="SpecException">The text is no spec.</exception>
    public RunSpec ConvertFromSurrogate(in WrittenSpec surrogate)
    {
        var document = options.Value.Choices.Reader.Parse(new(surrogate.Yaml, "spec.yaml", "/"), filesMustExist: false);
        return document.Spec ?? throw new SpecException(document.Problems);
    }

    /// <inheritdoc/>
    public WrittenSpec ConvertToSurrogate(in RunSpec value) => new(SpecWriter.ToYaml(value));
}
