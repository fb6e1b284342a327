using Orleans.Tbptt.Specs;
namespace Orleans.Tbptt.Data.Safetensors;
/// <summary>temp</summary>
public static class SafetensorsFile
{
    /// <summary>temp</summary>
    public static void ReadInto(string path, ParameterLayout layout, Span<float> parameters) => throw new IOException(path + layout + parameters.Length);
}
