using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Plots;

/// <summary>Saves plots, for which a native library is loaded.</summary>
internal static class PngFile
{
    /// <summary>Draws, saves under another name, and gives the file its own when it is whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="force">Whether it may be replaced.</param>
    /// <param name="otherwise">What says the same where nothing can be drawn.</param>
    /// <param name="save">Draws, and writes the file under the name that it gets.</param>
    /// <exception cref="ClientException">There is no native library, or the file cannot be written.</exception>
    public static void Save(string path, bool force, string otherwise, Action<string> save)
    {
        string unfinished = $"{path}.{Guid.NewGuid():N}";
        try
        {
            save(unfinished);
            File.Move(unfinished, path, force);
        }
        catch (Exception error) when (error is DllNotFoundException or TypeInitializationException or BadImageFormatException)
        {
            throw new ClientException(
                $"found no library that draws ({Text.OneLine((error.InnerException ?? error).Message)}), expected SkiaSharp's for this "
                + $"system next to the program; leave --plot out: {otherwise}", ExitCode.Failed, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ClientException(
                $"{Text.OneLine(path)}: found a file that cannot be written ({Text.OneLine(error.Message)}), expected a path for a PNG "
                + "file",
                ExitCode.Failed, error);
        }
        finally
        {
            if (File.Exists(unfinished))
                File.Delete(unfinished);
        }
    }
}
